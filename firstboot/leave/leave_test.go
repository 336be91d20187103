package leave

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leaven-dev/leaven/firstboot"
	"github.com/leaven-dev/leaven/firstboot/config"
	"github.com/leaven-dev/leaven/internal/journal"
	"github.com/leaven-dev/leaven/internal/rootfs"
)

const id = "i-0123456789abcdef0"

// stage is an instance without the rest: what it is told, and what it did when.
type stage struct {
	t    *testing.T
	root *rootfs.Root
	zero time.Time
	work Work

	mu   sync.Mutex
	did  []string // "30s command"
	said map[string]string
}

func newStage(t *testing.T) *stage {
	t.Helper()
	root, err := rootfs.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	s := &stage{t: t, root: root, zero: time.Now(), said: map[string]string{}}
	s.work = Work{
		Instance: id, Drain: 30 * time.Second, Deadline: 100 * time.Second,
		Command: s.does("command", 0), Steps: s.does("steps", 0),
		Hook: func(context.Context) (bool, error) { s.note("hook"); return true, nil },
	}
	return s
}

func (s *stage) note(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.did = append(s.did, fmt.Sprintf("%v %s", time.Since(s.zero).Round(100*time.Millisecond), what))
}

// does takes so long, or ends when it is told to.
func (s *stage) does(what string, d time.Duration) func(context.Context) error {
	return func(ctx context.Context) error {
		s.note(what)
		select {
		case <-time.After(d):
			return nil
		case <-ctx.Done():
			s.note(what + " cut off")
			return context.Cause(ctx)
		}
	}
}

// hangs heeds nothing.
func (s *stage) hangs(what string) func(context.Context) error {
	return func(context.Context) error { s.note(what); time.Sleep(time.Hour); return nil }
}

func (s *stage) begin(n Notice) *Departure {
	s.t.Helper()
	d, err := Begin(s.root, s.work, func(journal.Entry) {}, n)
	if err != nil {
		s.t.Fatal(err)
	}
	return d
}

func (s *stage) happened(want ...string) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Equal(s.did, want) {
		s.t.Errorf("what happened:\n%q, want\n%q", s.did, want)
	}
}

func results(r Record) string {
	var all []string
	for _, p := range r.Phases {
		all = append(all, p.Name+" "+string(p.Result))
	}
	return string(r.Result) + ": " + strings.Join(all, ", ")
}

func now(kind Kind) Notice { return Notice{Kind: kind, Text: "test", Seen: time.Now()} }

// in is a spot notice: the instance is taken after so long.
func in(d time.Duration) Notice {
	return Notice{Kind: Spot, Text: "terminate", Seen: time.Now(), Due: time.Now().Add(d)}
}

func TestInGoodOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.work.Command = s.does("command", 7*time.Second)
		d := s.begin(now(Termination))
		if there, err := Under(s.root); !there || err != nil {
			t.Errorf("the flag is not there when it begins: %v", err)
		}
		r := d.Run(t.Context())
		if got := results(r); got != "ok: drain ok, command ok, steps ok, hook ok" {
			t.Error(got)
		}
		s.happened("30s command", "37s steps", "37s hook")
		kept, err := read(s.root, keepFile(id))
		if err != nil || results(*kept) != results(r) || kept.Ended.IsZero() {
			t.Errorf("kept: %+v, %v", kept, err)
		}
		if there, err := Under(s.root); !there || err != nil {
			t.Errorf("an instance that has left is back in service: %v", err)
		}
	})
}

func TestWhateverHangs(t *testing.T) {
	for name, c := range map[string]struct {
		notice func() Notice
		change func(*stage)
		want   []string
		result string
	}{
		"a command that hangs": {
			notice: func() Notice { return in(2 * time.Minute) },
			change: func(s *stage) { s.work.Command = s.hangs("command") },
			// Spot: all is over within 100 s, 15 s of which are for the hook.
			want:   []string{"30s command", "1m26s hook"},
			result: "failed: drain ok, command failed, hook ok",
		},
		"a command that is cut off": {
			notice: func() Notice { return in(2 * time.Minute) },
			change: func(s *stage) { s.work.Command = s.does("command", time.Hour) },
			want:   []string{"30s command", "1m6.7s command cut off", "1m6.7s steps", "1m6.7s hook"},
			result: "failed: drain ok, command failed, steps ok, hook ok",
		},
		"steps that are cut off": {
			notice: func() Notice { return now(Rebalance) },
			change: func(s *stage) { s.work.Steps = s.does("steps", time.Hour) },
			want:   []string{"30s command", "30s steps", "1m25s steps cut off", "1m25s hook"},
			result: "failed: drain ok, command ok, steps failed, hook ok",
		},
		"a late notice": {
			notice: func() Notice { return in(35 * time.Second) },
			change: func(s *stage) { s.work.Command = s.does("command", time.Hour) },
			want:   []string{"12s command", "20s command cut off", "20s steps", "20s hook"},
			result: "failed: drain ok, command failed, steps ok, hook ok",
		},
		"a clock that is wrong": {
			notice: func() Notice { return in(-time.Hour) },
			want:   []string{"4s command", "4s steps", "4s hook"},
			result: "ok: drain ok, command ok, steps ok, hook ok",
		},
		"a hook that hangs": {
			notice: func() Notice { return now(Termination) },
			change: func(s *stage) {
				s.work.Hook = func(context.Context) (bool, error) { s.note("hook"); time.Sleep(time.Hour); return true, nil }
			},
			want:   []string{"30s command", "30s steps", "30s hook"},
			result: "failed: drain ok, command ok, steps ok, hook failed",
		},
		"nothing to do": {
			notice: func() Notice { return now(Spot) },
			change: func(s *stage) { s.work.Command, s.work.Steps, s.work.Hook = nil, nil, nil },
			result: "ok: drain ok",
		},
		"no hook waits": {
			notice: func() Notice { return now(Rebalance) },
			change: func(s *stage) { s.work.Hook = func(context.Context) (bool, error) { return false, nil } },
			want:   []string{"30s command", "30s steps"},
			result: "ok: drain ok, command ok, steps ok, hook nothing",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t)
				if c.change != nil {
					c.change(s)
				}
				n := c.notice()
				began := time.Now()
				r := s.begin(n).Run(t.Context())
				if got := results(r); got != c.result {
					t.Errorf("%s, want %s", got, c.result)
				}
				s.happened(c.want...)
				if took := time.Since(began); took > 100*time.Second {
					t.Errorf("it took %v", took)
				}
				if !n.Due.IsZero() && n.Due.After(began) && time.Now().After(n.Due) {
					t.Error("the instance was gone by then")
				}
				time.Sleep(2 * time.Hour) // what hangs must end with the test
			})
		})
	}
}

// A hook is tried again, as the network may be away for a moment.
func TestHookIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		tries := 0
		s.work.Hook = func(context.Context) (bool, error) {
			tries++
			if tries == 1 {
				return false, errors.New("no route")
			}
			return tries == 4, nil // the action comes late
		}
		if got := results(s.begin(now(Termination)).Run(t.Context())); got != "ok: drain ok, command ok, steps ok, hook ok" || tries != 4 {
			t.Errorf("%s after %d tries", got, tries)
		}
	})
}

func TestSecondNoticeShortens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.work.Drain, s.work.Deadline = 10*time.Minute, 30*time.Minute
		d := s.begin(now(Rebalance))
		done := make(chan Record)
		go func() { done <- d.Run(t.Context()) }()
		time.Sleep(time.Minute)
		n := in(2 * time.Minute)
		if d.Add(n) || !d.Knows(n) {
			t.Error("it begins anew")
		}
		r := <-done
		if took := time.Since(s.zero); took > 3*time.Minute-margin || r.Result != OK || len(r.Notices) != 2 {
			t.Errorf("took %v: %+v", took, r)
		}
		// A notice with more time changes nothing.
		if end, _, _ := d.deadline.now(); d.deadline.nearer(end.Add(time.Hour)) {
			t.Error("the deadline went away")
		}
	})
}

// Auto Scaling terminates an instance that has left on advice long before: its hook must not run into its time-out.
func TestTerminationAfterwards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		waits := false
		s.work.Hook = func(context.Context) (bool, error) { return waits, nil }
		d := s.begin(now(Rebalance))
		if got := results(d.Run(t.Context())); got != "ok: drain ok, command ok, steps ok, hook nothing" {
			t.Fatal(got)
		}
		time.Sleep(time.Hour)
		waits = true
		began := time.Now()
		if d.Add(in(2 * time.Minute)) {
			t.Error("a spot notice runs it again")
		}
		if !d.Add(now(Termination)) {
			t.Fatal("the hook is left to its time-out")
		}
		if got := results(d.Run(t.Context())); got != "ok: drain ok, command ok, steps ok, hook ok" || time.Since(began) > time.Second {
			t.Errorf("%s after %v", got, time.Since(began))
		}
		s.happened("30s command", "30s steps")
	})
}

func TestRestartGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.work.Steps = s.does("steps", 10*time.Second)
		for _, until := range []time.Duration{20 * time.Second, 35 * time.Second, time.Hour} {
			var d *Departure
			var err error
			if until == 20*time.Second {
				d = s.begin(now(Spot))
			} else if d, err = Resume(s.root, s.work, func(journal.Entry) {}); err != nil || d == nil {
				t.Fatalf("resume: %v", err)
			}
			ctx, cancel := context.WithDeadline(t.Context(), s.zero.Add(until))
			r := d.Run(ctx)
			cancel()
			if over := r.Result == OK; over != (until == time.Hour) {
				t.Errorf("until %v: %+v", until, r)
			}
			time.Sleep(time.Second)
		}
		s.happened("30s command", "30s steps", "35s steps cut off", "36s steps", "46s hook")
		if d, err := Resume(s.root, s.work, func(journal.Entry) {}); err != nil || results(d.Run(t.Context())) != "ok: drain ok, command ok, steps ok, hook ok" {
			t.Errorf("what is through runs again: %v", err)
		}
	})
}

func TestCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		n := now(Rebalance)
		d := s.begin(n)
		done := make(chan Record)
		go func() { done <- d.Run(t.Context()) }()
		time.Sleep(10 * time.Second)
		if was, err := Cancel(s.root); !was || err != nil {
			t.Fatalf("%v, %v", was, err)
		}
		if r := <-done; r.Result != Running || !r.Ended.IsZero() {
			t.Errorf("%+v", r)
		}
		if there, err := Under(s.root); there || err != nil {
			t.Errorf("the flag is there again: %v", err)
		}
		s.happened()
		if is, err := cancelled(s.root, n); !is || err != nil {
			t.Errorf("the notice counts still: %v", err)
		}
		if is, err := cancelled(s.root, in(time.Minute)); is || err != nil {
			t.Errorf("another notice counts no more: %v", err)
		}
		if was, err := Cancel(s.root); was || err != nil {
			t.Errorf("%v, %v", was, err)
		}
	})
}

func TestRecordsCannotBeKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		if err := os.MkdirAll(filepath.Join(s.root.Dir(), keepFile(id), "full"), 0o755); err != nil {
			t.Fatal(err)
		}
		if got := results(s.begin(now(Spot)).Run(t.Context())); got != "ok: drain ok, command ok, steps ok, hook ok" {
			t.Error(got)
		}
	})
}

func TestDamagedRecord(t *testing.T) {
	s := newStage(t)
	for _, text := range []string{"", "{", `{"schema":"leaven/leave/9"}`} {
		if err := s.root.WriteFile(File, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Resume(s.root, s.work, nil); err == nil {
			t.Errorf("%q is taken for a record", text)
		}
		if there, err := Under(s.root); !there || err != nil {
			t.Errorf("with %q, the instance is in service: %v", text, err)
		}
	}
}

func TestAsk(t *testing.T) {
	for _, c := range []struct {
		kind Kind
		text string
		want string // "" none, "error"
	}{
		{Spot, `{"action": "terminate", "time": "2026-11-20T08:22:00Z"}`, "spot (terminate)"},
		{Spot, `{"action": "hibernate", "time": "2026-11-20T08:22:00Z"}`, "spot (hibernate)"},
		{Spot, `{"action": "stop"}`, "spot (stop)"},
		{Spot, `{"action": "noop"}`, "error"},
		{Spot, `{}`, "error"},
		{Spot, `<html>`, "error"},
		{Spot, ``, "error"},
		{Spot, `{"action": "terminate", "time": "soon"}`, "error"},
		{Rebalance, `{"noticeTime": "2026-11-20T08:22:00Z"}`, "rebalance (noticed 2026-11-20T08:22:00Z)"},
		{Rebalance, `{"action": "terminate"}`, "error"},
		{Termination, "Terminated\n", "termination (Terminated)"},
		{Termination, "InService", ""},
		{Termination, "Terminating", ""},
		{Termination, "<html>Terminated</html>", ""},
	} {
		n, err := ask(t.Context(), func(context.Context, string) (string, bool, error) { return c.text, true, nil }, c.kind)
		got := ""
		if err != nil {
			got = "error"
		} else if n != nil {
			got = n.String()
		}
		if got != c.want {
			t.Errorf("%s says %q: %q, %v, want %q", c.kind, c.text, got, err, c.want)
		}
	}
	for _, found := range []bool{true, false} {
		want := errors.New("silent")
		if found {
			want = nil
		}
		n, err := ask(t.Context(), func(context.Context, string) (string, bool, error) { return "Terminated", false, want }, Termination)
		if n != nil || !errors.Is(err, want) {
			t.Errorf("%v, %v", n, err)
		}
	}
}

func TestWatcher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		var mu sync.Mutex
		service := map[string]string{}
		var broken error
		asked, alive := 0, 0
		var log []string
		w := &Watcher{
			Root: s.root, Kinds: []Kind{Spot, Termination}, Work: func() Work { return s.work },
			Metadata: func(_ context.Context, path string) (string, bool, error) {
				mu.Lock()
				defer mu.Unlock()
				asked++
				value, found := service[path]
				return value, found, broken
			},
			Log: func(e journal.Entry) {
				mu.Lock()
				defer mu.Unlock()
				log = append(log, e.Message)
			},
			Alive: func() {
				mu.Lock()
				defer mu.Unlock()
				alive++
			},
		}
		set := func(err error, path, value string) {
			mu.Lock()
			defer mu.Unlock()
			broken, service[path] = err, value
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { w.Run(ctx); close(ended) }()
		time.Sleep(10 * time.Minute)
		mu.Lock()
		if asked < 220 || asked > 270 || alive < asked/2 {
			t.Errorf("in ten minutes it asked %d times, and told the watchdog %d times", asked, alive)
		}
		mu.Unlock()
		set(errors.New("503"), "spot/instance-action", `{"action":"terminate","time":"2026-11-20T08:22:00Z"}`)
		set(errors.New("503"), "autoscaling/target-lifecycle-state", "Terminated")
		time.Sleep(time.Minute)
		s.happened()
		set(nil, "autoscaling/target-lifecycle-state", "InService")
		mu.Lock()
		delete(service, "spot/instance-action")
		mu.Unlock()
		time.Sleep(time.Minute)
		mu.Lock()
		if want := []string{"cannot look for notices: 503; cannot look for notices: 503", "looking for notices works again"}; !slices.Equal(log, want) {
			t.Errorf("it says %q, want %q", log, want)
		}
		mu.Unlock()

		s.zero = time.Now()
		set(nil, "autoscaling/target-lifecycle-state", "Terminated")
		time.Sleep(10 * time.Second)
		if there, err := Under(s.root); !there || err != nil {
			t.Errorf("it does not leave: %v", err)
		}
		if _, err := Lock(s.root); !errors.Is(err, ErrBusy) {
			t.Errorf("another one may leave at the same time: %v", err)
		}
		// The notice is withdrawn by hand; it goes on being said, and counts no more.
		if _, err := Cancel(s.root); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		s.happened()
		if there, err := Under(s.root); there || err != nil {
			t.Errorf("a notice that was cancelled counts: %v", err)
		}
		// Another one counts.
		s.zero = time.Now()
		due, err := json.Marshal(map[string]any{"action": "terminate", "time": time.Now().Add(2 * time.Minute)})
		if err != nil {
			t.Fatal(err)
		}
		set(nil, "spot/instance-action", string(due))
		time.Sleep(2 * time.Minute)
		r, err := Read(s.root)
		if err != nil || r == nil || results(*r) != "ok: drain ok, command ok, steps ok, hook ok" || len(r.Notices) != 1 {
			t.Errorf("%+v, %v", r, err)
		}
		stop()
		<-ended
	})
}

func TestOffByDefault(t *testing.T) {
	env := firstboot.Env{Live: true, Config: &config.Loaded{}}
	if s := steps(env); len(s) != 0 {
		t.Errorf("without leave.on: %+v", s)
	}
	env.Config.Leave.On = []string{"spot", "termination"}
	if s := steps(env); len(s) != 1 || s[0].Policy != firstboot.Degrade {
		t.Errorf("with it: %+v", s)
	}
	if got := dropIn(env.Config.Leave.On); !strings.HasSuffix(got, "[Service]\nEnvironment=LEAVEN_LEAVE_ON=spot,termination\n") {
		t.Errorf("%q", got)
	}
	env.Live = false
	if s := steps(env); len(s) != 0 {
		t.Errorf("in a tree that does not run: %+v", s)
	}
}

// Who leaves by hand is not disturbed; when that process is killed, the watcher finishes what it began.
func TestAnotherProcessLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		lock, err := Lock(s.root)
		if err != nil {
			t.Fatal(err)
		}
		s.begin(now(ByHand))
		w := &Watcher{
			Root: s.root, Kinds: []Kind{Termination}, Work: func() Work { return s.work }, Log: func(journal.Entry) {}, Alive: func() {},
			Metadata: func(context.Context, string) (string, bool, error) { return "Terminated", true, nil },
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { w.Run(ctx); close(ended) }()
		time.Sleep(20 * time.Second)
		if r, err := Read(s.root); err != nil || len(r.Notices) != 1 || len(r.Phases) != 0 {
			t.Errorf("two are at it: %+v, %v", r, err)
		}
		lock.Close()
		time.Sleep(2 * time.Minute)
		if r, err := Read(s.root); err != nil || results(*r) != "ok: drain ok, command ok, steps ok, hook ok" || len(r.Notices) != 2 {
			t.Errorf("%+v, %v", r, err)
		}
		stop()
		<-ended
	})
}
