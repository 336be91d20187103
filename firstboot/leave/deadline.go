package leave

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	// margin is how long before EC2 takes the instance all is to be through.
	margin = 5 * time.Second
	// least is what is left for leaving whatever a notice says: where its time is over already, one of the two clocks is wrong.
	least = 10 * time.Second
	// hookTime is kept for completing the hook, at most; a fifth of the time where that is less.
	hookTime = 15 * time.Second
)

var errOutOfTime = errors.New("its time is over")

// deadline is by when all is to be through. It can come nearer while work is under way.
type deadline struct {
	mu      sync.Mutex
	set     time.Time     // when it was set to what it is
	end     time.Time     //
	changed chan struct{} // closed when it is set anew
}

// dueBy is when leaving must end for a notice that was seen at some time, if it may take so long.
func dueBy(n Notice, most time.Duration) time.Time {
	end := n.Seen.Add(most)
	if early := n.Due.Add(-margin); !n.Due.IsZero() && early.Before(end) {
		end = early
	}
	if soonest := n.Seen.Add(least); end.Before(soonest) && most >= least {
		end = soonest
	}
	return end
}

// nearer brings the end nearer, if it is, and tells so.
func (d *deadline) nearer(end time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.end.IsZero() && !end.Before(d.end) {
		return false
	}
	d.set, d.end = time.Now(), end
	if d.changed != nil {
		close(d.changed)
	}
	d.changed = make(chan struct{})
	return true
}

// now is the end, and when all but the hook must be over.
func (d *deadline) now() (end, last time.Time, changed chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.end, d.end.Add(-min(hookTime, d.end.Sub(d.set)/5)), d.changed
}

// until returns a context that ends when at says. It is asked anew whenever the deadline comes nearer.
func (d *deadline) until(ctx context.Context, at func(end, last time.Time) time.Time) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		for {
			end, last, changed := d.now()
			timer := time.NewTimer(time.Until(at(end, last)))
			select {
			case <-timer.C:
				cancel(errOutOfTime)
				return
			case <-changed:
				timer.Stop()
			case <-ctx.Done():
				timer.Stop()
				return
			}
		}
	}()
	return ctx, func() { cancel(context.Canceled) }
}
