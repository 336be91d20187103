// Package cache keeps what is slow to make (Debian roots, disk images, built
// tools) in one folder, and hands out scratch folders on the same file system.
//
// The folder is .cache at the top of the repository, or LEAVEN_CACHE. Entries
// are named by what they were made from and never change; `make clean` removes
// them all.
package cache

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/leaven-dev/leaven/e2e/guard"
)

// Dir returns the cache folder, which may not exist yet.
func Dir() (string, error) {
	if dir := os.Getenv("LEAVEN_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	top, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("cannot find the cache folder: %w", err)
	}
	for dir := top; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, ".cache"), nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("cannot find the cache folder: %s is not inside the repository; set LEAVEN_CACHE", top)
		}
	}
}

// Tool returns the path of a program that `make tools` built or found.
func Tool(name string) (string, error) {
	dir, err := Dir()
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "tools", name)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("cannot use %s: %w: run `make tools`", name, err)
	}
	return path, nil
}

// Entry returns the path of the entry called name, which fill makes the first
// time. Fill gets a path next to the final one, on which nothing exists yet, and
// makes a file or a folder there; it appears under its name only when fill is
// done. Other processes that want the same entry wait for it.
func Entry(ctx context.Context, name string, fill func(path string) error) (string, error) {
	dir, err := Dir()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("cannot make the cache folder: %w", err)
	}
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	lock, err := lock(ctx, path+".lock")
	if err != nil {
		return "", err
	}
	defer lock.Close() // also unlocks
	if _, err := os.Stat(path); err == nil {
		return path, nil // another process made it while we waited
	}
	part := path + ".part"
	if err := remove(part); err != nil { // of a run that was killed
		return "", err
	}
	if err := fill(part); err != nil {
		return "", errors.Join(err, remove(part))
	}
	if err := os.Rename(part, path); err != nil {
		return "", fmt.Errorf("cannot keep %s: %w", name, err)
	}
	return path, nil
}

// remove stays on one file system: a root that is half made may have /dev mounted in it.
func remove(path string) error {
	if out, err := exec.Command("rm", "-rf", "--one-file-system", "--", path).CombinedOutput(); err != nil {
		return fmt.Errorf("cannot remove %s: %w: %s", path, err, strings.TrimSpace(string(out)))
	}
	return nil
}

// lock polls because flock(2) cannot be waited for with a context.
func lock(ctx context.Context, path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("cannot lock %s: %w", path, err)
	}
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			f.Close()
			return nil, fmt.Errorf("cannot lock %s: %w", path, err)
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, fmt.Errorf("cannot lock %s, another process makes the entry: %w", path, ctx.Err())
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// Scratch is a folder that goes away at Close, or when this process ends.
type Scratch struct {
	Path string
	undo *guard.Guard
}

// NewScratch makes an empty folder for one test. It is in the cache folder, not
// in /tmp, which is memory on some systems: roots are copied into it.
func NewScratch() (*Scratch, error) {
	dir, err := Dir()
	if err != nil {
		return nil, err
	}
	dir = filepath.Join(dir, "scratch")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("cannot make a scratch folder: %w", err)
	}
	path, err := os.MkdirTemp(dir, "")
	if err != nil {
		return nil, fmt.Errorf("cannot make a scratch folder: %w", err)
	}
	// One file system: whatever is still mounted below stays whole.
	undo, err := guard.Start(`chattr -Rfi -- "$1" 2>/dev/null; rm -rf --one-file-system -- "$1"`, path)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(path))
	}
	return &Scratch{Path: path, undo: undo}, nil
}

// Close removes the folder.
func (s *Scratch) Close() error { return s.undo.Close() }
