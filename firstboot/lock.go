package firstboot

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/leaven-dev/leaven/internal/flock"
	"github.com/leaven-dev/leaven/internal/journal"
	"github.com/leaven-dev/leaven/internal/rootfs"
)

// How long another run is waited for: silently, which is enough for identity, and by who does not wait for its end.
const (
	lockSilence  = time.Second
	lockPatience = 20 * time.Second
)

// ErrBusy says that another leaven is at work in a tree.
var ErrBusy = errors.New("another leaven is at work in it")

// Lock keeps a second run out of a tree's records until the returned file is closed. It locks the folder itself (flock(2)), so
// that it works on a root that is mounted read-only, and ends with the process.
func Lock(ctx context.Context, root *rootfs.Root) (*os.File, error) {
	return lockWithin(ctx, root, lockPatience)
}

func lockWithin(ctx context.Context, root *rootfs.Root, patience time.Duration) (*os.File, error) {
	if err := makeStateDir(root); err != nil {
		return nil, err
	}
	f, err := root.Open(stateDir)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := flock.Wait(ctx, f, 50*time.Millisecond); err != nil {
		f.Close()
		if errors.Is(err, flock.ErrHeld) {
			err = fmt.Errorf("cannot lock %s: %w", stateDir, ErrBusy)
		}
		return nil, err
	}
	return f, nil
}

// lock waits for another run as long as it takes: user data that cloud-init brings while the unit is at work must not get lost.
// A unit that waits asks for time, but for identity's: where that waits for somebody who hangs, sshd must not start for ever.
func (a *Agent) lock(ctx context.Context, stage Stage) (*os.File, error) {
	lock, err := lockWithin(ctx, a.Root, lockSilence)
	if errors.Is(err, ErrBusy) {
		a.Log(journal.Entry{Message: "waiting for another leaven that is at work", Stage: string(stage)})
	}
	for errors.Is(err, ErrBusy) && ctx.Err() == nil {
		if a.Extend != nil && stage != Identity {
			a.Extend(2 * lockPatience)
		}
		lock, err = Lock(ctx, a.Root)
	}
	return lock, err
}

// makeStateDir makes the folder of the records where it is missing.
func makeStateDir(root *rootfs.Root) error {
	if there, err := root.Exists(stateDir); there || err != nil {
		return err
	}
	d, err := root.MkdirAll(stateDir, 0o755)
	if err != nil {
		return err
	}
	return d.Close()
}
