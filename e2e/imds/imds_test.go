package imds

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leaven-dev/leaven/e2e/netns"
)

func namespace(t *testing.T) *netns.Namespace {
	t.Helper()
	ns, err := netns.New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ns.Close() })
	return ns
}

// client makes requests from inside a namespace.
func client(ns *netns.Namespace) *http.Client {
	return &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
			return netns.Dial(ctx, ns.Path(), address)
		},
	}}
}

func ask(t *testing.T, c *http.Client, method, path string, headers ...string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://169.254.169.254/latest/"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

func TestFake(t *testing.T) {
	ns := namespace(t)
	c := client(ns)
	if _, err := c.Get("http://" + Address); err == nil {
		t.Fatal("answered before it was started")
	}
	f, err := Start(t.Context(), ns, Instance("i-0123456789abcdef0"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()

	want := func(status int, body, method, path string, headers ...string) {
		t.Helper()
		if s, b := ask(t, c, method, path, headers...); s != status || body != "" && b != body {
			t.Errorf("%s %s: %d %q, want %d %q", method, path, s, b, status, body)
		}
	}
	const id = "meta-data/instance-id"
	want(401, "", "GET", id)
	want(401, "", "GET", id, tokenHeader, "guessed")
	want(400, "", "PUT", "api/token")
	want(400, "", "PUT", "api/token", ttlHeader, "21601")
	want(403, "", "PUT", "api/token", ttlHeader, "60", "X-Forwarded-For", "10.0.0.1")
	_, token := ask(t, c, "PUT", "api/token", ttlHeader, "60")
	want(200, "i-0123456789abcdef0", "GET", id, tokenHeader, token)
	want(200, "availability-zone\navailability-zone-id\nregion", "GET", "meta-data/placement/", tokenHeader, token)
	want(404, "", "GET", "user-data", tokenHeader, token)
	f.Set("user-data", "#!/bin/sh\n")
	want(200, "#!/bin/sh\n", "GET", "user-data", tokenHeader, token)
	f.Set(id, "i-0wrong")
	want(200, "i-0wrong", "GET", id, tokenHeader, token)
	f.Remove(id)
	want(404, "", "GET", id, tokenHeader, token)
	f.Fail(2, 503)
	want(503, "", "PUT", "api/token", ttlHeader, "60")
	want(503, "", "GET", "user-data", tokenHeader, token)
	want(200, "", "GET", "user-data", tokenHeader, token)
	f.ExpireTokens()
	want(401, "", "GET", "user-data", tokenHeader, token)
	f.RefuseTokens(true)
	want(403, "", "PUT", "api/token", ttlHeader, "60")

	f.Version1()
	want(405, "", "PUT", "api/token", ttlHeader, "60")
	want(200, "#!/bin/sh\n", "GET", "user-data")

	requests := f.Requests()
	if last := requests[len(requests)-1]; last != (Request{"GET", "/latest/user-data", 200}) {
		t.Errorf("the last request is noted as %v", last)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Get("http://" + Address); err == nil {
		t.Error("still answers after Close")
	}
}

func TestFakeIsSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &Fake{data: map[string]string{}, tokens: map[string]time.Time{}}
		f.Slow(7 * time.Second)
		start := time.Now()
		r, err := http.NewRequestWithContext(t.Context(), "GET", "/latest/meta-data/", nil)
		if err != nil {
			t.Fatal(err)
		}
		f.ServeHTTP(discard{}, r)
		if took := time.Since(start); took != 7*time.Second {
			t.Errorf("took %s", took)
		}
	})
}

type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) WriteHeader(int)             {}

func TestMock(t *testing.T) {
	ns := namespace(t)
	m, err := StartMock(t.Context(), ns, t.ArtifactDir())
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	c := client(ns)
	if status, _ := ask(t, c, "GET", "meta-data/instance-id"); status != 401 {
		t.Errorf("without a token: %d", status)
	}
	_, token := ask(t, c, "PUT", "api/token", ttlHeader, "60")
	if status, id := ask(t, c, "GET", "meta-data/instance-id", tokenHeader, token); status != 200 || !strings.HasPrefix(id, "i-") {
		t.Errorf("instance id: %d %q", status, id)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Get("http://" + Address); err == nil {
		t.Error("still answers after Close")
	}
}

func TestMockSaysWhy(t *testing.T) {
	_, err := StartMock(t.Context(), namespace(t), t.TempDir(), "no-such-command")
	if err == nil || !strings.Contains(err.Error(), "no-such-command") || !strings.Contains(err.Error(), "metadata-mock.log") {
		t.Errorf("error is %v", err)
	}
}
