package debroot

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/leaven-dev/leaven/e2e/cache"
	"github.com/leaven-dev/leaven/e2e/guard"
)

// Overlay is what looks like a copy of a root, and is made at once: what is written goes beside it, to the cache's disk, so that
// fsync costs what it costs.
type Overlay struct {
	Root string

	scratch *cache.Scratch
	undo    *guard.Guard
}

// NewOverlay makes one of a root, which must stay as it is until Close.
func NewOverlay(ctx context.Context, below string) (*Overlay, error) {
	s, err := cache.NewScratch()
	if err != nil {
		return nil, err
	}
	o := &Overlay{Root: filepath.Join(s.Path, "root"), scratch: s}
	if err := o.mount(ctx, below); err != nil {
		return nil, errors.Join(err, o.Close())
	}
	return o, nil
}

func (o *Overlay) mount(ctx context.Context, below string) (err error) {
	upper, work := filepath.Join(o.scratch.Path, "upper"), filepath.Join(o.scratch.Path, "work")
	for _, dir := range []string{o.Root, upper, work} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
	}
	if o.undo, err = guard.Start(`if mountpoint -q "$1"; then umount "$1" || umount -l "$1"; fi`, o.Root); err != nil {
		return err
	}
	options := "lowerdir=" + below + ",upperdir=" + upper + ",workdir=" + work
	if out, err := exec.CommandContext(ctx, "mount", "-t", "overlay", "overlay", "-o", options, o.Root).CombinedOutput(); err != nil {
		return fmt.Errorf("cannot mount an overlay of %s: %w: %s", below, err, strings.TrimSpace(string(out)))
	}
	return nil
}

// Close takes it away, and what was written. A second Close does nothing.
func (o *Overlay) Close() error {
	return errors.Join(o.undo.Close(), o.scratch.Close())
}
