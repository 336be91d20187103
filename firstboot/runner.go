package firstboot

import (
	"context"
	"fmt"
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
