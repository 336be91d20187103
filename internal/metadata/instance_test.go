package metadata

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/e2e/imds"
)

func deadline(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestDocumentIsReadOnce(t *testing.T) {
	f, c := local(t, imds.Instance(id))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if d, err := c.Document(t.Context()); err != nil || d.InstanceID != id || d.Region != "eu-central-1" {
				t.Errorf("%+v, %v", d, err)
			}
		})
	}
	all.Wait()
	if n := gets(f, "dynamic/instance-identity/document"); n != 1 {
		t.Errorf("read %d times", n)
	}
	if n := gets(f, "api/token"); n != 1 {
		t.Errorf("%d tokens", n)
	}
}

// TestNewToken: tokens end when an instance is stopped, and its memory may be a snapshot's.
func TestNewToken(t *testing.T) {
	f, c := local(t, imds.Instance(id))
	for range 2 {
		if value, found, err := c.Get(t.Context(), "mac"); err != nil || !found || value != "0e:49:61:0f:c3:11" {
			t.Errorf("%q, %v, %v", value, found, err)
		}
		f.ExpireTokens()
	}
	if n := gets(f, "api/token"); n != 2 {
		t.Errorf("%d tokens", n)
	}
}

func TestUserData(t *testing.T) {
	f, c := local(t, imds.Instance(id))
	if data, found, err := c.UserData(t.Context()); err != nil || found || data != nil {
		t.Errorf("none: %q, %v, %v", data, found, err)
	}
	binary := "\x1f\x8b\x00\xff\n"
	f.Set("user-data", binary)
	if data, found, err := c.UserData(t.Context()); err != nil || !found || string(data) != binary {
		t.Errorf("%q, %v, %v", data, found, err)
	}
	f.Fail(100, 503)
	if _, found, err := c.UserData(deadline(t, time.Second)); err == nil || found {
		t.Errorf("cannot tell is taken for none: %v, %v", found, err)
	}
	f.Fail(0, 0)
	f.Set("user-data", string(make([]byte, largest+1)))
	if _, found, err := c.UserData(t.Context()); err == nil || found {
		t.Errorf("too much: %v, %v", found, err)
	}
}

func TestTag(t *testing.T) {
	f, c := local(t, imds.Instance(id))
	if _, err := c.Tag(t.Context(), "Name"); err == nil || !strings.Contains(err.Error(), "--instance-metadata-tags enabled") {
		t.Errorf("tags that are not allowed: %v", err)
	}
	f.Set("meta-data/tags/instance/Name", "hub 1")
	f.Set("meta-data/tags/instance/aws:autoscaling:groupName", "hubs")
	f.Set("meta-data/tags/instance/empty", "")
	for name, want := range map[string]string{"Name": "hub 1", "aws:autoscaling:groupName": "hubs", "empty": ""} {
		if got, err := c.Tag(t.Context(), name); err != nil || got != want {
			t.Errorf("%s is %q, %v", name, got, err)
		}
	}
	if _, err := c.Tag(t.Context(), "Nmae"); err == nil || !strings.Contains(err.Error(), `did you mean "Name"`) {
		t.Errorf("a tag that is not there: %v", err)
	}
}

func TestCredentials(t *testing.T) {
	f, c := local(t, imds.Instance(id))
	const folder = "meta-data/iam/security-credentials"
	time.AfterFunc(time.Second, func() {
		f.Set(folder+"/hub", `{"Code":"Success","AccessKeyId":"AKIAEXAMPLE","SecretAccessKey":"secret","Token":"token","Expiration":"2099-01-01T00:00:00Z"}`)
	})
	provider := c.Credentials()
	for range 2 {
		got, err := provider.Retrieve(t.Context())
		if err != nil || got.AccessKeyID != "AKIAEXAMPLE" || got.SecretAccessKey != "secret" || got.SessionToken != "token" {
			t.Errorf("%v", err)
		}
	}
	if n := gets(f, folder+"/hub"); n != 1 {
		t.Errorf("read %d times", n)
	}
}

// TestRedirect: the service never redirects, so whoever does is not the service.
func TestRedirect(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { t.Errorf("%s %s", r.Method, r.URL) }))
	defer elsewhere.Close()
	here := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer here.Close()
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", here.URL)
	c, err := New(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Get(t.Context(), "mac"); err == nil {
		t.Error("no error")
	}
}
