package firstboot

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/leaven-dev/leaven/internal/journal"
)

// runner brings about the steps of one stage, which may come in several lots.
type runner struct {
	stage  Stage
	book   *book
	log    func(journal.Entry)
	line   *lines              // the console
	extend func(time.Duration) // nil where nobody gives time

	mu    sync.Mutex
	ended map[string]bool // steps that are through, and whether what comes after them can go on
}

// run runs a lot of steps, each as soon as those that it comes after are through, and returns when all are.
func (r *runner) run(ctx context.Context, steps []Step) error {
	if r.ended == nil {
		r.ended = map[string]bool{}
	}
	sorted, err := order(steps, r.ended)
	if err != nil {
		return err
	}
	r.book.note(func(state *State) { state.expect(r.stage, sorted) })
	through := map[string]chan struct{}{}
	for _, s := range sorted {
		through[s.ID] = make(chan struct{})
	}
	var wait sync.WaitGroup
	for _, s := range sorted {
		wait.Go(func() {
			defer close(through[s.ID])
			for _, id := range s.After {
				if here := through[id]; here != nil {
					<-here
				}
			}
			if interrupted(ctx) != nil {
				return // what was not begun stays as it was
			}
			good := r.step(ctx, s, r.failedBefore(s))
			r.mu.Lock()
			defer r.mu.Unlock()
			r.ended[s.ID] = good || s.Policy == Ignore
		})
	}
	wait.Wait()
	return interrupted(ctx)
}

// failedBefore is a failed step that a step comes after, or "".
func (r *runner) failedBefore(s Step) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range s.After {
		if !r.ended[id] && !s.Regardless {
			return id
		}
	}
	return ""
}

// step runs one step and records it. Before is a failed step that it comes after, or "".
func (r *runner) step(ctx context.Context, s Step, before string) bool {
	rec, _ := r.book.step(s.ID)
	known := rec.Result != "" && rec.Result != Waiting
	rec.ID, rec.Stage, rec.Title, rec.Policy, rec.Boot = s.ID, r.stage, s.Title, s.Policy, r.book.boot
	rec.Message, rec.Cure, rec.Changed = "", "", false
	if before != "" {
		rec.Uptime, rec.Look = uptime(), 0
		rec.Result, rec.Message = Blocked, fmt.Sprintf("waits for step %s, which failed", before)
		r.end(rec, known)
		return false
	}
	began := time.Now()
	rec.Uptime, rec.Look = uptime(), 0
	text, applied, err := r.attempt(ctx, s, rec)
	rec.Look = seconds(time.Since(began))
	if applied || rec.Done.IsZero() {
		rec.Started, rec.Ended = began.UTC(), time.Now().UTC()
		rec.Seconds = rec.Look
	}
	rec.Changed, rec.Message, rec.Result = applied, text, OK
	if err != nil {
		rec.Message, rec.Cure, rec.Result = err.Error(), cureOf(err), Failed
	} else if rec.Done.IsZero() {
		rec.Done = time.Now().UTC()
	}
	r.end(rec, known)
	return err == nil
}

// end records how a step ended and tells it: on the console, unless a boot before this one did. What only was looked at needs no
// write of its own.
func (r *runner) end(rec StepRecord, known bool) {
	put := func(s *State) { s.putStep(rec) }
	if rec.Result == OK && !rec.Changed {
		r.book.note(put)
	} else {
		r.book.update(put)
		r.book.event(Event{Stage: r.stage, Step: rec.ID, Event: string(rec.Result), Seconds: rec.Seconds, Message: rec.Message})
	}
	entry := journal.Entry{
		ID: journal.StepEnded, Message: rec.String(), Stage: string(r.stage), Step: rec.ID,
		Result: string(rec.Result), Seconds: rec.Seconds, Instance: r.book.instance(),
	}
	switch rec.weighed() {
	case Degraded:
		entry.Level = journal.Warning
	case Failed:
		entry.Level = journal.Error
	}
	r.log(entry)
	if rec.Changed || rec.Result != OK && !(known && rec.Policy == Ignore) {
		r.line.add("leaven: " + entry.Message)
	}
}

// endGrace is what a step has to come to its end once its time is over: more than a command has (stopGrace), so that none outlives
// the run.
const endGrace = stopGrace + 2*time.Second

// attempt checks, applies where that is needed, and checks again, all within the step's deadline. The step goes on in the
// background if it does not heed the deadline; the process is about to end then.
func (r *runner) attempt(ctx context.Context, s Step, rec StepRecord) (text string, applied bool, err error) {
	deadline := s.Deadline
	if deadline == 0 {
		deadline = DefaultDeadline
	}
	if r.extend != nil {
		r.extend(deadline + endGrace + 5*time.Second)
	}
	whole := ctx
	ctx, cancel := context.WithTimeoutCause(ctx, deadline, fmt.Errorf("took longer than %v", deadline))
	defer cancel()
	type outcome struct {
		text    string
		applied bool
		err     error
	}
	done := make(chan outcome, 1)
	go func() {
		var o outcome
		defer func() {
			if p := recover(); p != nil {
				r.log(journal.Entry{Level: journal.Error, Step: s.ID, Message: fmt.Sprintf("%s: panic: %v\n%s", s.ID, p, debug.Stack())})
				o.err = WithCure(fmt.Errorf("a mistake in Leaven: %v", p), "report it with the journal of this boot")
			}
			done <- o
		}()
		o.text, o.applied, o.err = r.bring(ctx, s, rec)
	}()
	var o outcome
	select {
	case o = <-done:
	case <-ctx.Done():
		select {
		case o = <-done:
		case <-time.After(endGrace):
			o.err = context.Cause(ctx)
		}
	}
	if err := interrupted(whole); err != nil && o.err != nil {
		return o.text, o.applied, err
	}
	return o.text, o.applied, because(ctx, o.err)
}

// interrupted is the error of a run that is told to end: by somebody, or by a shutdown.
func interrupted(ctx context.Context) error {
	if !errors.Is(ctx.Err(), context.Canceled) {
		return nil
	}
	return WithCure(fmt.Errorf("interrupted: %w", context.Cause(ctx)), "it goes on where it was at the next boot, or with `leaven firstboot`")
}

// because puts before an error why the time of a step was over, if it was.
func because(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	switch {
	case err == nil || cause == nil || errors.Is(err, cause):
		return err
	case errors.Is(err, ctx.Err()): // says nothing that cause does not
		return WithCure(cause, cureOf(err))
	}
	return WithCure(fmt.Errorf("%w: %w", cause, err), cureOf(err))
}

// bring is the three moves of a step.
func (r *runner) bring(ctx context.Context, s Step, rec StepRecord) (text string, applied bool, err error) {
	if s.Check == nil && !rec.Done.IsZero() {
		return "done before", false, nil
	}
	if s.Check != nil {
		v, err := s.Check(ctx)
		if err != nil || v.OK {
			return v.Text, false, err
		}
		if s.Apply == nil {
			return "", false, WithCure(errors.New(v.Text), v.Cure)
		}
	}
	if err := ctx.Err(); err != nil {
		return "", false, err // nobody waits for this attempt any more
	}
	rec.Result, rec.Started, rec.Ended = Running, time.Now().UTC(), time.Time{}
	r.book.event(Event{Stage: r.stage, Step: s.ID, Event: string(Running)})
	ended := r.announce(rec)
	err = s.Apply(ctx)
	ended()
	if err != nil {
		return "", true, err
	}
	if s.Check == nil {
		return "", true, nil
	}
	v, err := s.Check(ctx)
	if err == nil && !v.OK {
		err = fmt.Errorf("it was applied and is still not so: %s", v.Text)
	}
	return v.Text, true, err
}

// announceAfter is how long a step runs before the state file says so. The timeline says it at once, but a write of the state is
// synced, and a boot has better things to do than to wait for the disk on behalf of steps that take milliseconds.
const announceAfter = 100 * time.Millisecond

// announce records a step as running, if it runs for long. The returned function ends that.
func (r *runner) announce(rec StepRecord) func() {
	over := false // guarded by the book
	timer := time.AfterFunc(announceAfter, func() {
		r.book.update(func(s *State) {
			if !over {
				s.putStep(rec)
			}
		})
	})
	return func() {
		timer.Stop()
		r.book.note(func(*State) { over = true })
	}
}

// seconds rounds to a tenth of a millisecond.
func seconds(d time.Duration) float64 {
	return float64(d.Round(100*time.Microsecond).Microseconds()) / 1e6
}

// String is the line that the journal gets.
func (r StepRecord) String() string {
	text := fmt.Sprintf("%s: %s", r.ID, r.Result)
	if r.Changed {
		text += fmt.Sprintf(" in %.3f s", r.Seconds)
	}
	if r.Message != "" {
		text += ": " + r.Message
	}
	if r.Cure != "" {
		text += "; " + r.Cure
	}
	return text
}
