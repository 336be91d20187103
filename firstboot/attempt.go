package firstboot

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/leaven-dev/leaven/internal/journal"
)

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
		grace := endGrace
		if end, bounded := whole.Deadline(); bounded { // leaving has its hook to complete
			grace = min(grace, time.Until(end))
		}
		select {
		case o = <-done:
		case <-time.After(grace):
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
