package erase

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// Reserve is what is left free while the rest is filled, in bytes, so that what runs beside us can go on writing. Its blocks
// are not overwritten.
const Reserve = 64 << 20

const (
	block    = 1 << 20 // bytes written at once
	smallest = 512     // the same when the disk is nearly full: no file system has smaller blocks
	flush    = 256     // blocks until they must be on the disk: the kernel would keep them in memory as long as it can
)

// Progress is told from time to time how far it is, in bytes; total is what was free at the beginning.
type Progress func(mountPoint string, done, total int64)

// Free fills what is free on the file systems at some mount points, and frees it again. It stops when ctx ends; nothing is
// left behind then either. It returns the number of bytes that were written.
func Free(ctx context.Context, root *rootfs.Root, mountPoints []string, reserve int64, progress Progress) (int64, error) {
	var sum int64
	var errs []error
	for _, point := range mountPoints {
		n, err := fill(ctx, root, point, reserve, progress)
		sum += n
		if err != nil {
			errs = append(errs, fmt.Errorf("cannot overwrite what is free on %s: %w", point, err))
		}
	}
	return sum, errors.Join(errs...)
}

func fill(ctx context.Context, root *rootfs.Root, point string, reserve int64, progress Progress) (done int64, err error) {
	d, err := root.OpenDir(point)
	if err != nil {
		return 0, err
	}
	defer d.Close()
	if err := d.SyncAll(); err != nil {
		return 0, err
	}
	f, err := d.Scratch()
	if err != nil {
		return 0, err
	}
	restore, held := func() error { return nil }, error(nil)
	defer func() { err = errors.Join(err, f.Truncate(0), f.Close(), restore()) }() // closing alone would leave the freeing to later
	if reserve == 0 {
		if restore, held = releaseHeld(f); held != nil {
			return 0, held
		}
	}
	free, err := d.Free()
	if err != nil {
		return 0, err
	}
	total := max(0, free-reserve)
	zeros, size := make([]byte, block), int64(block)
	told := time.Now()
	for i := 1; free > reserve; i++ {
		if err := context.Cause(ctx); err != nil {
			return done, err
		}
		n, err := f.Write(zeros[:min(size, free-reserve)])
		done += int64(n)
		full := errors.Is(err, syscall.ENOSPC)
		if err != nil && !full {
			return done, err
		}
		if full || i%flush == 0 {
			if err := f.Sync(); err != nil {
				return done, err
			}
		}
		if full {
			// What is written at once must fit as a whole, with what describes it; smaller pieces still do.
			if size /= 2; size < smallest {
				break
			}
		}
		if progress != nil && time.Since(told) >= time.Second {
			told = time.Now()
			progress(point, done, total)
		}
		if free, err = d.Free(); err != nil {
			return done, err
		}
	}
	if err := f.Sync(); err != nil {
		return done, err
	}
	return done, emptyJournal(f)
}
