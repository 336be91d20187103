// Package flock waits for the lock of a file or folder (flock(2)). The lock ends with the file's last descriptor, at the latest with
// the process.
//
// It keeps programs that use it from one another, on one machine, and on NFSv4 also on several (flock(2), "NFS details").
package flock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// ErrHeld says that somebody else had the lock until ctx ended.
var ErrHeld = errors.New("it is locked by another process")

// Wait takes the lock, looking for it every so often: a flock(2) that waits does not heed ctx. One look is taken in any case.
func Wait(ctx context.Context, f *os.File, every time.Duration) error {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return fmt.Errorf("cannot lock %s: %w", f.Name(), err)
		}
		select {
		case <-time.After(every):
		case <-ctx.Done():
			return fmt.Errorf("cannot lock %s: %w: %w", f.Name(), ErrHeld, context.Cause(ctx))
		}
	}
}
