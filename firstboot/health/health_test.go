package health

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coreos/go-systemd/v22/activation"

	"github.com/leaven-dev/leaven/firstboot"
	"github.com/leaven-dev/leaven/firstboot/config"
	"github.com/leaven-dev/leaven/internal/journal"
)

// serveIn is the environment variable that turns the test program into a server on the socket that it is passed.
const serveIn = "LEAVEN_TEST_SERVE"

func TestMain(m *testing.M) {
	if os.Getenv(serveIn) == "" {
		os.Exit(m.Run())
	}
	passed, err := activation.Listeners()
	if err != nil || len(passed) != 1 {
		panic(err)
	}
	if err := Serve(context.Background(), passed[0], NewChecker(up())); err != nil {
		panic(err)
	}
}

// up is the source of an instance on which all is well.
func up(probes ...firstboot.Probe) Source {
	return Source{
		Status:  func() (firstboot.Status, error) { return firstboot.Status{Result: firstboot.OK}, nil },
		Leaving: func() (bool, error) { return false, nil },
		Probes: func(context.Context, firstboot.Status) ([]firstboot.Probe, time.Duration, error) {
			return probes, 5 * time.Second, nil
		},
		Log: func(journal.Entry) {},
	}
}

func works(context.Context) error { return nil }

func TestAnswers(t *testing.T) {
	step := func(id string, p firstboot.Policy, r firstboot.Result) firstboot.StepRecord {
		return firstboot.StepRecord{ID: id, Policy: p, Result: r, Boot: "now", Message: "s3cret"}
	}
	now := []firstboot.StageRecord{{Stage: firstboot.Provision, Boot: "now"}}
	old := step("old", firstboot.Required, firstboot.Failed)
	old.Boot = "before"
	for name, c := range map[string]struct {
		status firstboot.Status
		change func(*Source)
		want   string
	}{
		"up":       {status: firstboot.Status{Result: firstboot.OK}, want: `200 {"status":"ok"}`},
		"degraded": {status: firstboot.Status{Result: firstboot.Degraded}, want: `200 {"status":"ok","reason":"first boot is degraded"}`},
		"not run":  {status: firstboot.Status{Result: firstboot.NotRun}, want: `503 {"status":"starting","reason":"first boot has not run in this boot"}`},
		"running":  {status: firstboot.Status{Result: firstboot.Running}, want: `503 {"status":"starting","reason":"first boot is not through"}`},
		"failed": {
			status: firstboot.Status{Result: firstboot.Failed, Verdict: "s3cret", Stages: now, Steps: []firstboot.StepRecord{
				old, step("a", firstboot.Degrade, firstboot.Failed), step("b", firstboot.Required, firstboot.Blocked), step("c", firstboot.Required, firstboot.Failed),
			}},
			want: `503 {"status":"failed","step":"c","reason":"first boot failed at step c"}`,
		},
		"failed outside of the steps": {status: firstboot.Status{Result: firstboot.Failed}, want: `503 {"status":"failed","reason":"first boot failed"}`},
		"of a later version":          {status: firstboot.Status{Result: "splendid"}, want: `503 {"status":"unknown","reason":"first boot ended in a way that this version does not know"}`},
		"no records": {
			change: func(s *Source) {
				s.Status = func() (firstboot.Status, error) { return firstboot.Status{}, errors.New("s3cret") }
			},
			want: `503 {"status":"unknown","reason":"first boot's records cannot be read"}`,
		},
		"no configuration": {
			status: firstboot.Status{Result: firstboot.OK},
			change: func(s *Source) {
				s.Probes = func(context.Context, firstboot.Status) ([]firstboot.Probe, time.Duration, error) {
					return nil, 0, errors.New("s3cret")
				}
			},
			want: `503 {"status":"unknown","reason":"the configuration cannot be read"}`,
		},
		"leaving": {
			status: firstboot.Status{Result: firstboot.OK},
			change: func(s *Source) { s.Leaving = func() (bool, error) { return true, nil } },
			want:   `503 {"status":"leaving","reason":"this instance is leaving"}`,
		},
		"leaving, perhaps": {
			status: firstboot.Status{Result: firstboot.OK},
			change: func(s *Source) { s.Leaving = func() (bool, error) { return false, errors.New("s3cret") } },
			want:   `503 {"status":"unknown","reason":"it cannot be told whether the instance is leaving"}`,
		},
		"a panic": {
			change: func(s *Source) { s.Status = func() (firstboot.Status, error) { panic("s3cret") } },
			want:   `503 {"status":"unknown","reason":"a mistake in Leaven"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			source := up(firstboot.Probe{Name: "p", Run: works})
			source.Status = func() (firstboot.Status, error) { return c.status, nil }
			if c.change != nil {
				c.change(&source)
			}
			w := httptest.NewRecorder()
			Handler(NewChecker(source)).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/any/path", nil))
			if got := strings.TrimSpace(http.StatusText(w.Code)); got == "" {
				t.Fatal("no status")
			}
			if got := textOf(w.Code, w.Body.String()); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

func textOf(code int, body string) string {
	number, _ := json.Marshal(code)
	return string(number) + " " + strings.TrimSpace(body)
}

func TestProbesRunSideBySideAndOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int32
		slow := func(ctx context.Context) error {
			runs.Add(1)
			time.Sleep(1500 * time.Millisecond)
			return nil
		}
		c := NewChecker(up(firstboot.Probe{Name: "a", Run: slow}, firstboot.Probe{Name: "b", Run: slow}))
		ask := func(n int) {
			var wait sync.WaitGroup
			for range n {
				wait.Go(func() {
					if a := c.Answer(t.Context()); a.Status != OK {
						t.Errorf("answer: %v", a)
					}
				})
			}
			wait.Wait()
		}
		began := time.Now()
		ask(100)
		if took := time.Since(began); took != 1500*time.Millisecond || runs.Load() != 2 {
			t.Errorf("100 at once took %v and ran %d probes", took, runs.Load())
		}
		time.Sleep(4900 * time.Millisecond)
		ask(1)
		if runs.Load() != 2 {
			t.Error("an answer that is fresh was looked for again")
		}
		time.Sleep(200 * time.Millisecond)
		ask(1)
		if runs.Load() != 4 {
			t.Error("an answer that is not fresh was told")
		}
	})
}

func TestHungProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int32
		free := make(chan struct{})
		c := NewChecker(up(firstboot.Probe{Name: "hangs", Run: func(context.Context) error { runs.Add(1); <-free; return nil }}, firstboot.Probe{Name: "works", Run: works}))
		for i := range 3 {
			began := time.Now()
			a := c.Answer(t.Context())
			if a.Status != Unhealthy || len(a.Probes) != 1 || a.Probes[0] != "hangs" {
				t.Errorf("answer: %v", a)
			}
			if took := time.Since(began); took > probeDeadline {
				t.Errorf("answer %d took %v", i, took)
			}
			time.Sleep(6 * time.Second)
		}
		if runs.Load() != 1 {
			t.Errorf("a probe that hangs was started %d times", runs.Load())
		}
		close(free)
		synctest.Wait()
		if a := c.Answer(t.Context()); a.Status != OK {
			t.Errorf("it works again: %v", a)
		}
	})
}

func TestBadProbes(t *testing.T) {
	var logged []journal.Entry
	source := up(
		firstboot.Probe{Name: "fails", Run: func(context.Context) error { return errors.New("s3cret") }},
		firstboot.Probe{Name: "panics", Run: func(context.Context) error { panic("s3cret") }},
		firstboot.Probe{Name: "works", Run: works},
	)
	source.Log = func(e journal.Entry) { logged = append(logged, e) }
	c := NewChecker(source)
	for range 2 {
		a := c.Answer(t.Context())
		body, err := json.Marshal(a)
		if want := `{"status":"unhealthy","probes":["fails","panics"],"reason":"probes that fail: fails, panics"}`; err != nil || string(body) != want {
			t.Errorf("%s, %v, want %s", body, err, want)
		}
		c.good = time.Time{}
	}
	if len(logged) != 1 || logged[0].Level != journal.Warning || !strings.Contains(logged[0].Message, "fails: s3cret; panics: panic: s3cret") {
		t.Errorf("logged: %+v", logged)
	}
}

// A disk that hangs must not keep the balancer waiting.
func TestRecordsHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		source := up()
		source.Status = func() (firstboot.Status, error) { <-free; return firstboot.Status{Result: firstboot.OK}, nil }
		c := NewChecker(source)
		for _, want := range []time.Duration{patience, 0, 0} {
			began := time.Now()
			if a := c.Answer(t.Context()); a.Status != Unknown {
				t.Errorf("answer: %v", a)
			}
			if took := time.Since(began); took != want {
				t.Errorf("took %v, want %v", took, want)
			}
		}
		close(free)
		synctest.Wait()
		if a := c.Answer(t.Context()); a.Status != OK {
			t.Errorf("it works again: %v", a)
		}
	})
}

func TestLeavingCountsAtOnce(t *testing.T) {
	leaving := false
	source := up()
	source.Leaving = func() (bool, error) { return leaving, nil }
	c := NewChecker(source)
	if a := c.Answer(t.Context()); a.Status != OK {
		t.Fatal(a)
	}
	leaving = true
	if a := c.Answer(t.Context()); a.Status != Leaving {
		t.Errorf("while the last answer is fresh: %v", a)
	}
	leaving = false
	if a := c.Answer(t.Context()); a.Status != OK {
		t.Errorf("cancelled: %v", a)
	}
}

// TestPassedSocket serves as systemd has it: the socket is there before the process is.
func TestPassedSocket(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	file, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	l.Close()
	// systemd says whom the sockets are for (sd_listen_fds(3)); only the shell knows its own process id, which it keeps.
	cmd := exec.Command("sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=1 exec "$0"`, os.Args[0])
	cmd.Env = append(os.Environ(), serveIn+"=1")
	cmd.ExtraFiles = []*os.File{file}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { cmd.Process.Kill(); cmd.Wait() }()
	url := "http://" + l.Addr().String() + "/x?y"
	client := &http.Client{Timeout: 10 * time.Second}
	for method, want := range map[string]string{
		"GET": `200 {"status":"ok"}`, "HEAD": "200 ", "POST": "405 ", "DELETE": "405 ",
	} {
		request, err := http.NewRequest(method, url, strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if got := textOf(response.StatusCode, string(body)); got != want || err != nil {
			t.Errorf("%s: %s %v, want %s", method, got, err, want)
		}
		if !response.Close {
			t.Errorf("%s: the connection stays open", method)
		}
	}
	if err := Ping(t.Context(), l.Addr()); err != nil {
		t.Error(err)
	}
	request, err := http.NewRequest("GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Large", strings.Repeat("x", 16<<10))
	if response, err := client.Do(request); err == nil && response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a header of 16 KiB: %v", response.Status)
	}
	// A client that says nothing is let go.
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	began := time.Now()
	conn.SetReadDeadline(began.Add(2 * readTimeout))
	if _, err := io.Copy(io.Discard, conn); err != nil {
		t.Errorf("a silent connection is kept for more than %v: %v", time.Since(began), err)
	}
}

// TestManyConnections opens more than are served at once. Whoever has to wait is served when the others are let go.
func TestManyConnections(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- Serve(ctx, l, NewChecker(up())) }()
	for range connections {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	short, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := Ping(short, l.Addr()); err == nil {
		t.Error("one more was served")
	}
	long, cancel := context.WithTimeout(t.Context(), 2*readTimeout)
	defer cancel()
	if err := Ping(long, l.Addr()); err != nil {
		t.Errorf("it is never served: %v", err)
	}
	stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
	if err := Ping(t.Context(), l.Addr()); err == nil {
		t.Error("it answers after its end")
	}
}

func TestDropIn(t *testing.T) {
	if got := dropIn("[::1]:80"); !strings.HasSuffix(got, "[Socket]\nListenStream=\nListenStream=[::1]:80\n") {
		t.Errorf("%q", got)
	}
}

func TestOffByDefault(t *testing.T) {
	env := firstboot.Env{Live: true, Config: &config.Loaded{}}
	if s := steps(env); len(s) != 0 {
		t.Errorf("without health.listen: %+v", s)
	}
	env.Config.Health.Listen = "80"
	if s := steps(env); len(s) != 1 || s[0].Policy != firstboot.Degrade {
		t.Errorf("with it: %+v", s)
	}
	env.Live = false
	if s := steps(env); len(s) != 0 {
		t.Errorf("in a tree that does not run: %+v", s)
	}
}
