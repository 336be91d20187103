package firstboot

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leaven-dev/leaven/internal/journal"
)

// bench runs steps as a stage of an instance.
type bench struct {
	t    *testing.T
	book *book
}

func newBench(t *testing.T, dir string) *bench {
	t.Helper()
	root := open(t, dir)
	b, err := openBook(root, identification{Instance: Instance{ID: "i-00000001", Source: FromDMI}}, "test", "boot-1")
	if err == nil {
		err = b.begin()
	}
	if err != nil {
		t.Fatal(err)
	}
	return &bench{t, b}
}

func (b *bench) run(steps ...Step) {
	b.t.Helper()
	r := &runner{stage: Provision, book: b.book, log: func(journal.Entry) {}}
	if err := r.run(b.t.Context(), steps); err != nil {
		b.t.Fatal(err)
	}
	if err := b.book.close(); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) want(id string, result Result, message string) {
	b.t.Helper()
	rec, _ := b.book.step(id)
	if rec.Result != result || !strings.Contains(rec.Message, message) {
		b.t.Errorf("step %s is %q with %q, want %q with %q", id, rec.Result, rec.Message, result, message)
	}
}

// applied is a step that holds once it was applied; it counts.
func applied(id string, count *int, after ...string) Step {
	done := false
	return Step{ID: id, Title: id, Policy: Required, After: after,
		Check: func(context.Context) (Verdict, error) { return Verdict{OK: done, Text: "would do it"}, nil },
		Apply: func(context.Context) error { *count++; done = true; return nil },
	}
}

func failing(id string, policy Policy, after ...string) Step {
	return Step{ID: id, Title: id, Policy: policy, After: after, Apply: func(context.Context) error { return errors.New("no luck") }}
}

func TestStepsAreAppliedOnce(t *testing.T) {
	dir, count := t.TempDir(), 0
	checked := applied("checked", &count)
	once := Step{ID: "once", Policy: Required, Apply: func(context.Context) error { count++; return nil }}
	for range 3 {
		b := newBench(t, dir)
		b.run(checked, once)
		b.want("checked", OK, "")
		b.want("once", OK, "")
	}
	if count != 2 {
		t.Errorf("two steps were applied %d times in three runs", count)
	}
}

func TestStepThatStaysUndone(t *testing.T) {
	b := newBench(t, t.TempDir())
	b.run(
		Step{ID: "mount", Policy: Required, // as mount.efs, which exits 0 without mounting
			Check: func(context.Context) (Verdict, error) { return Verdict{Text: "/mnt is not mounted"}, nil },
			Apply: func(context.Context) error { return nil }},
		Step{ID: "look", Policy: Required,
			Check: func(context.Context) (Verdict, error) { return Verdict{Text: "it is not so", Cure: "make it so"}, nil }},
	)
	b.want("mount", Failed, "it was applied and is still not so: /mnt is not mounted")
	b.want("look", Failed, "it is not so")
	if rec, _ := b.book.step("look"); rec.Cure != "make it so" {
		t.Errorf("the cure is %q", rec.Cure)
	}
	if rec, _ := b.book.step("mount"); !rec.Done.IsZero() {
		t.Error("a step that failed is recorded as done")
	}
}

func TestPolicies(t *testing.T) {
	count := 0
	for policy, want := range map[Policy]Result{Required: Failed, Degrade: Degraded, Ignore: OK} {
		b := newBench(t, t.TempDir())
		b.run(failing("a", policy), applied("b", &count, "a"), applied("c", &count))
		b.want("c", OK, "")
		if policy == Ignore {
			b.want("b", OK, "")
		} else {
			b.want("b", Blocked, "waits for step a")
		}
		got := b.book.verdict(Provision)
		if policy == Degrade {
			want = Failed // b is required and was not run
		}
		if got != want {
			t.Errorf("with policy %q the verdict is %q, want %q", policy, got, want)
		}
	}
	b := newBench(t, t.TempDir())
	b.run(failing("a", Degrade))
	if got := b.book.verdict(Provision); got != Degraded {
		t.Errorf("a failed step of policy degrade makes %q", got)
	}
}

func TestPanicIsAFailure(t *testing.T) {
	b := newBench(t, t.TempDir())
	b.run(Step{ID: "a", Policy: Required, Apply: func(context.Context) error { panic("oh") }})
	b.want("a", Failed, "a mistake in Leaven: oh")
}

func TestDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, t.TempDir())
		release := make(chan struct{})
		start := time.Now()
		b.run(
			Step{ID: "deaf", Policy: Degrade, Deadline: time.Minute, Apply: func(context.Context) error { <-release; return nil }},
			Step{ID: "slow", Policy: Degrade, Deadline: time.Second, Apply: func(ctx context.Context) error { <-ctx.Done(); time.Sleep(stopGrace); return errors.New("killed") }},
			Step{ID: "heeds", Policy: Degrade, Deadline: time.Second, Apply: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }},
		)
		if took := time.Since(start); took != time.Minute+endGrace {
			t.Errorf("it took %v", took)
		}
		b.want("deaf", Failed, "took longer than 1m0s")
		b.want("heeds", Failed, "took longer than 1s")
		b.want("slow", Failed, "took longer than 1s: killed")
		close(release)
		synctest.Wait()
		b.want("deaf", Failed, "") // what comes late changes nothing
	})
}

func TestIndependentStepsRunSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, t.TempDir())
		var mu sync.Mutex
		var ended []string
		slow := func(id string, takes time.Duration, after ...string) Step {
			return Step{ID: id, Policy: Required, After: after, Apply: func(context.Context) error {
				time.Sleep(takes)
				mu.Lock()
				defer mu.Unlock()
				ended = append(ended, id)
				return nil
			}}
		}
		start := time.Now()
		b.run(slow("a", 3*time.Second), slow("b", 2*time.Second), slow("c", 2*time.Second, "b"), slow("d", time.Second, "a", "c"))
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("it took %v, want 5 s: b, c and d one after the other, a beside them", took)
		}
		if got := strings.Join(ended, " "); got != "b a c d" {
			t.Errorf("they ended in the order %q", got)
		}
		// The records keep the order of the graph, whatever came first.
		for i, id := range []string{"a", "b", "c", "d"} {
			if rec := b.book.state.Steps[i]; rec.ID != id || rec.Result != OK {
				t.Errorf("record %d is %+v", i, rec)
			}
		}
	})
}

// Whoever asks while a long step runs is told so; a short one costs no write.
func TestLongStepIsAnnounced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, t.TempDir())
		seen := func() Result {
			s, err := loadState(b.book.root, "i-00000001")
			if errors.Is(err, fs.ErrNotExist) {
				return ""
			}
			if err != nil {
				t.Error(err)
				return ""
			}
			rec, _ := s.step("long")
			return rec.Result
		}
		b.run(Step{ID: "long", Policy: Required, Apply: func(context.Context) error {
			if got := seen(); got != "" {
				t.Errorf("at once the state says %q", got)
			}
			time.Sleep(time.Second)
			if got := seen(); got != Running {
				t.Errorf("after a second the state says %q", got)
			}
			return nil
		}})
		if got := seen(); got != OK {
			t.Errorf("at the end the state says %q", got)
		}
	})
}

// TestNoTimeLeft has a run end in time that has a deadline itself, whatever its steps do.
func TestNoTimeLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, t.TempDir())
		release := make(chan struct{})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		r := &runner{stage: Leaving, book: b.book, log: func(journal.Entry) {}}
		err := r.run(ctx, []Step{
			{ID: "deaf", Policy: Degrade, Apply: func(context.Context) error { <-release; return nil }},
			{ID: "late", Policy: Degrade, Deadline: 9 * time.Second, Apply: func(context.Context) error { <-release; return nil }},
		})
		if took := time.Since(start); took != 10*time.Second || err != nil {
			t.Errorf("it took %v, %v", took, err)
		}
		close(release)
		synctest.Wait()
	})
}

// TestInterrupted tells a run to end in the middle. What was at work says so, what was to come is as it was.
func TestInterrupted(t *testing.T) {
	b := newBench(t, t.TempDir())
	ctx, cancel := context.WithCancelCause(t.Context())
	r := &runner{stage: Provision, book: b.book, log: func(journal.Entry) {}}
	err := r.run(ctx, []Step{
		{ID: "a", Policy: Required, Apply: func(ctx context.Context) error {
			cancel(errors.New("terminated"))
			<-ctx.Done()
			return errors.New("killed")
		}},
		{ID: "b", Policy: Required, After: []string{"a"}, Regardless: true, Apply: func(context.Context) error { t.Error("b ran"); return nil }},
	})
	if err == nil || err.Error() != "interrupted: terminated" || !strings.Contains(cureOf(err), "leaven firstboot") {
		t.Errorf("error is %v", err)
	}
	b.want("a", Failed, "interrupted: terminated")
	b.want("b", Waiting, "")
}
