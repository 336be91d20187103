package leave

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/leaven-dev/leaven/internal/journal"
)

// drain waits for balancers to notice, for half of the time that is left at most.
func (d *Departure) drain(ctx context.Context) {
	d.phase(ctx, "drain", func(ctx context.Context) error {
		<-ctx.Done()
		if cause := context.Cause(ctx); !errors.Is(cause, errOutOfTime) {
			return cause
		}
		return nil
	}, func(began, last time.Time) time.Time {
		return began.Add(min(d.work.Drain, last.Sub(began)/2))
	})
}

// commandEnd gives the command two thirds of the time that is left, where steps come after it.
func (d *Departure) commandEnd(began, last time.Time) time.Time {
	if d.work.Steps == nil {
		return last
	}
	return began.Add(last.Sub(began) * 2 / 3)
}

// phase does one thing, until at says at the latest, and records it. What was begun before and cut off is done again; what has ended,
// well or not, is not.
func (d *Departure) phase(ctx context.Context, name string, do func(context.Context) error, at func(began, last time.Time) time.Time) {
	d.mu.Lock()
	p, begun := d.record.phase(name)
	if do == nil || begun && !p.Ended.IsZero() || ctx.Err() != nil {
		d.mu.Unlock()
		return
	}
	if !begun {
		p = Phase{Name: name, Began: time.Now()}
	}
	p.Result = Running
	d.record.put(p)
	d.save()
	d.mu.Unlock()
	within, cancel := d.deadline.until(ctx, func(_, last time.Time) time.Time { return at(p.Began, last) })
	defer cancel()
	err := do(within)
	if ctx.Err() != nil {
		return // stopped; it is neither done nor failed
	}
	p.Result, p.Message = OK, ""
	if err != nil {
		p.Result, p.Message = Failed, err.Error()
	}
	d.put(p)
}

// put records how a phase ended.
func (d *Departure) put(p Phase) {
	d.mu.Lock()
	defer d.mu.Unlock()
	p.Ended = time.Now()
	d.record.put(p)
	d.save()
	text, level := fmt.Sprintf("leave %s: %s in %.1f s", p.Name, p.Result, p.Ended.Sub(p.Began).Seconds()), journal.Info
	if p.Message != "" {
		text += ": " + p.Message
	}
	if p.Result == Failed {
		level = journal.Error
	}
	d.say(level, "leave-"+p.Name, p.Result, text)
}
