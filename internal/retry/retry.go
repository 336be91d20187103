// Package retry tries again what another service may do later: a metadata service that is not up yet, a name that does not
// resolve yet.
//
// One context bounds everything; give it a deadline. Not for waiting until something local happens: there are events for that
// (netlink, inotify), which come at once and cost nothing meanwhile.
package retry

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// The pauses double from the shortest to the longest. Each is shortened at random by up to a half, so that instances that start
// together do not ask together.
const (
	shortest = 100 * time.Millisecond
	longest  = 5 * time.Second
)

// Do calls try until it succeeds, until it returns an error that was made with [Stop], or until ctx ends. The error is try's last
// one that was not merely ctx's end, and says how long it went on; it wraps the cause of ctx's end as well.
func Do(ctx context.Context, try func(context.Context) error) error {
	var last error
	start, pause := time.Now(), shortest
	for attempt := 0; ; pause = min(2*pause, longest) {
		if ctx.Err() == nil {
			attempt++
			err := try(ctx)
			if err == nil {
				return nil
			}
			if _, ok := errors.AsType[stopped](err); ok {
				return err
			}
			if ctx.Err() == nil || last == nil {
				last = err // what was cut off says less than what went wrong before
			}
		}
		timer := time.NewTimer(pause/2 + rand.N(pause/2))
		select {
		case <-timer.C:
			continue
		case <-ctx.Done():
			timer.Stop()
		}
		if last == nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("%w (gave up at attempt %d, after %s: %w)", last, attempt, time.Since(start).Round(100*time.Millisecond), context.Cause(ctx))
	}
}

// Stop marks an error as one that trying again does not mend. Its text stays, and what it wraps is still found.
func Stop(err error) error {
	if err == nil {
		return nil
	}
	return stopped{err}
}

type stopped struct{ error }

func (s stopped) Unwrap() error { return s.error }
