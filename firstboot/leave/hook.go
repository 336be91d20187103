package leave

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/leaven-dev/leaven/internal/retry"
)

// hook completes the hook. It is tried until the end, and once in any case.
func (d *Departure) hook(ctx context.Context) {
	if d.work.Hook == nil {
		return
	}
	d.mu.Lock()
	p := Phase{Name: "hook", Began: time.Now(), Result: Running}
	d.record.put(p)
	d.save()
	waits := slices.ContainsFunc(d.record.Notices, func(n Notice) bool { return n.Kind == Termination })
	d.mu.Unlock()
	within, cancel := d.deadline.until(ctx, func(end, _ time.Time) time.Time {
		if soonest := p.Began.Add(margin); end.Before(soonest) {
			return soonest
		}
		return end
	})
	defer cancel()
	done, err := d.complete(within, waits)
	switch {
	case ctx.Err() != nil:
		return
	case err != nil:
		p.Result, p.Message = Failed, err.Error()
	case done:
		p.Result = OK
	default:
		p.Result, p.Message = Nothing, "Auto Scaling waits for no answer"
	}
	d.put(p)
}

// complete answers the hook. Where Auto Scaling has said that it terminates the instance, an action that is not there may come yet.
func (d *Departure) complete(ctx context.Context, waits bool) (done bool, err error) {
	errNone := errors.New("there is no action to complete")
	err = retry.Do(ctx, func(ctx context.Context) error {
		result := make(chan error, 1)
		go func() { // a call that does not heed ctx must not hold us up
			is, err := d.work.Hook(ctx)
			if err == nil && !is {
				err = errNone
			}
			result <- err
		}()
		select {
		case err = <-result:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if errors.Is(err, errNone) && !waits {
			return retry.Stop(err)
		}
		return err
	})
	if errors.Is(err, errNone) {
		return false, nil
	}
	return err == nil, err
}
