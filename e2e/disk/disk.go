// Package disk works on disk images while no machine runs on them: overlays that
// keep a base image clean, and a look at the file system after a shutdown.
package disk

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/leaven-dev/leaven/e2e/guard"
	"github.com/leaven-dev/leaven/e2e/machine"
)

// Overlay makes the qcow2 image path, which starts as base and holds only what
// differs. Base must stay as it is, and where it is, for as long.
func Overlay(ctx context.Context, base, path string) error {
	base, err := filepath.Abs(base) // relative ones count from the overlay's folder
	if err != nil {
		return fmt.Errorf("cannot make an overlay: %w", err)
	}
	return run(ctx, "make an overlay of "+base, "qemu-img", "create", "-q", "-f", "qcow2", "-b", base, "-F", "qcow2", path)
}

// Mounted is a file system of an image, mounted on Root.
type Mounted struct {
	Root string
	undo *guard.Guard
}

// Mount copies the qcow2 image, overlays and all, into a raw one in dir and mounts
// the file system on it read and write, so that its journal is replayed as at the
// next boot. The image itself is not changed. Close unmounts and removes the copy.
func Mount(ctx context.Context, image, dir string) (*Mounted, error) {
	if err := errors.Join(machine.NeedRoot(), machine.Need("qemu-img", "mount")); err != nil {
		return nil, err
	}
	work, err := os.MkdirTemp(dir, "disk-")
	if err != nil {
		return nil, fmt.Errorf("cannot mount %s: %w", image, err)
	}
	raw, root := filepath.Join(work, "raw"), filepath.Join(work, "root")
	if err := os.Mkdir(root, 0o755); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot mount %s: %w", image, err), os.RemoveAll(work))
	}
	// The loop device goes with the mount. Lazily, so that an open file elsewhere cannot keep it.
	undo, err := guard.Start(`if mountpoint -q "$1/root"; then umount "$1/root" || umount -l "$1/root" || exit; fi; rm -f "$1/raw"; rmdir "$1/root" "$1"`, work)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(work))
	}
	err = run(ctx, "copy "+image, "qemu-img", "convert", "-q", "-O", "raw", image, raw)
	if err == nil {
		err = run(ctx, "mount "+image, "mount", "-o", "loop,nodev,nosuid", raw, root)
	}
	if err != nil {
		return nil, errors.Join(err, undo.Close())
	}
	return &Mounted{Root: root, undo: undo}, nil
}

// Close unmounts and removes the copy. A second Close does nothing.
func (m *Mounted) Close() error { return m.undo.Close() }

func run(ctx context.Context, what string, args ...string) error {
	out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("cannot %s: %w: %s", what, err, strings.TrimSpace(string(out)))
	}
	return nil
}
