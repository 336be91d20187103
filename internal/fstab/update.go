package fstab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"syscall"
	"time"

	"github.com/leaven-dev/leaven/internal/flock"
	"github.com/leaven-dev/leaven/internal/rootfs"
)

// Path is where it lies in a tree.
const Path = "/etc/fstab"

// Read reads a tree's fstab. One that is missing is empty.
func Read(root *rootfs.Root) (*File, error) {
	data, err := root.ReadFile(Path)
	if err != nil && !absent(err) {
		return nil, fmt.Errorf("cannot read what is to be mounted: %w", err)
	}
	return Parse(data), nil
}

// Update changes a tree's fstab and tells whether there was anything to write. Nobody else who uses Update changes it meanwhile. A
// reader, or the next boot after a power cut, sees the old file or the new one. Owner, mode and extended attributes stay; a new
// file gets 0644. Where edit fails, nothing is written.
func Update(ctx context.Context, root *rootfs.Root, edit func(*File) error) (changed bool, err error) {
	name, err := root.Resolve(Path)
	if absent(err) {
		if _, link := root.Lstat(Path); link == nil {
			return false, fmt.Errorf("cannot change %s: it is a link that leads to nothing; remove it, or make what it leads to", Path)
		}
		name = Path
	} else if err != nil {
		return false, err
	}
	dir, err := root.MkdirAll(path.Dir(name), 0o755)
	if err != nil {
		return false, err
	}
	defer dir.Close()
	held, err := lock(ctx, root, path.Dir(name))
	if err != nil {
		return false, err
	}
	defer held.Close()
	old, err := root.ReadFile(name)
	there := err == nil
	if err != nil && !absent(err) {
		return false, err
	}
	f := Parse(old)
	if err := edit(f); err != nil {
		return false, err
	}
	data := f.Bytes()
	switch {
	case bytes.Equal(data, old):
		return false, nil
	case there:
		err = dir.Replace(path.Base(name), data)
	default:
		err = dir.WriteFile(path.Base(name), data, 0o644)
	}
	if err != nil {
		return false, fmt.Errorf("cannot write what is to be mounted: %w", err)
	}
	return true, nil
}

func absent(err error) bool { return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) }

// patience is how long Update waits for others, each of whom takes milliseconds.
const patience = 20 * time.Second

// lock locks the folder (flock(2)): a file to lock would stay behind in images, and fstab itself is replaced.
func lock(ctx context.Context, root *rootfs.Root, dir string) (*os.File, error) {
	f, err := root.Open(dir)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := flock.Wait(ctx, f, 2*time.Millisecond); err != nil {
		f.Close()
		if errors.Is(err, flock.ErrHeld) {
			err = fmt.Errorf("cannot lock %s: another leaven is changing fstab", dir)
		}
		return nil, err
	}
	return f, nil
}
