package retry

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

var errLater = errors.New("not yet")

func TestDoPausesLongerAndLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Time
		err := Do(t.Context(), func(context.Context) error {
			at = append(at, time.Now())
			if len(at) < 12 {
				return errLater
			}
			return nil
		})
		if err != nil || len(at) != 12 {
			t.Fatalf("%d attempts, %v", len(at), err)
		}
		full, jitter := 100*time.Millisecond, false
		for i := 1; i < len(at); i++ {
			pause := at[i].Sub(at[i-1])
			if pause < full/2 || pause > full {
				t.Errorf("pause %d is %s, want %s to %s", i, pause, full/2, full)
			}
			jitter = jitter || pause.Round(time.Microsecond) != full && pause.Round(time.Microsecond) != full/2
			full = min(2*full, 5*time.Second)
		}
		if !jitter {
			t.Error("all pauses are round figures: there is no jitter")
		}
	})
}

func TestDoGivesUpAtTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		start, attempts := time.Now(), 0
		err := Do(ctx, func(ctx context.Context) error {
			attempts++
			select { // the last attempt is cut off
			case <-time.After(2 * time.Second):
				return errLater
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		if took := time.Since(start); took != 30*time.Second {
			t.Errorf("took %s", took)
		}
		if !errors.Is(err, errLater) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error is %v", err)
		}
		if want := fmt.Sprintf("not yet (gave up at attempt %d, after 30s: context deadline exceeded)", attempts); err.Error() != want {
			t.Errorf("error is %q, want %q", err, want)
		}
	})
}

func TestDoStops(t *testing.T) {
	broken := errors.New("broken")
	attempts := 0
	err := Do(t.Context(), func(context.Context) error {
		attempts++
		return fmt.Errorf("cannot: %w", Stop(broken))
	})
	if attempts != 1 || !errors.Is(err, broken) || err.Error() != "cannot: broken" {
		t.Errorf("%d attempts, %v", attempts, err)
	}
	if Stop(nil) != nil {
		t.Error("Stop makes an error of nil")
	}
}

func TestDoAfterTheEnd(t *testing.T) {
	why := errors.New("shutting down")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	err := Do(ctx, func(context.Context) error { t.Error("was tried"); return nil })
	if !errors.Is(err, why) {
		t.Errorf("error is %v", err)
	}
}
