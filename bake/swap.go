package bake

import (
	"bytes"
	"context"
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// A swap area begins with a page whose last ten bytes are the signature (mkswap(8), include/linux/swap.h of Linux). While
// the machine sleeps the signature is another one, and what is to be read at wake-up follows.
const swapSignature = "SWAPSPACE2"

var errNoSwap = errors.New("is no swap area")

// wipeSwap puts zeros over all pages of a swap file but the first. What the file does not store (a hole) stays as it is. It
// returns the number of bytes that were overwritten.
func wipeSwap(ctx context.Context, d *rootfs.Dir, name string) (int64, error) {
	f, err := d.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return 0, explain(err)
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if links(fi) > 1 {
		return 0, errors.New("it has another name, which may lie outside the root")
	}
	page, err := swapPage(f)
	if err != nil {
		return 0, err
	}
	done, err := zeroData(ctx, f, page, fi.Size())
	if err == nil {
		_, err = f.WriteAt([]byte(swapSignature), page-int64(len(swapSignature)))
	}
	return done, explain(errors.Join(err, f.Sync()))
}

// swapPage finds the page size of a swap area by where its signature is.
func swapPage(f *os.File) (int64, error) {
	signature := make([]byte, len(swapSignature))
	for page := int64(4 << 10); page <= 64<<10; page *= 2 {
		if _, err := f.ReadAt(signature, page-int64(len(signature))); err != nil {
			return 0, errNoSwap
		}
		for _, known := range []string{swapSignature, "S1SUSPEND\x00", "S2SUSPEND\x00", "LINHIB0001"} {
			if bytes.Equal(signature, []byte(known)) {
				return page, nil
			}
		}
	}
	return 0, errNoSwap
}

// zeroData puts zeros over what a file stores between two places.
func zeroData(ctx context.Context, f *os.File, from, to int64) (done int64, err error) {
	zeros := make([]byte, 1<<20)
	for from < to {
		start, err := unix.Seek(int(f.Fd()), from, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) {
			break // nothing but a hole up to the end
		}
		if err != nil {
			return done, err
		}
		end, err := unix.Seek(int(f.Fd()), start, unix.SEEK_HOLE)
		if err != nil {
			return done, err
		}
		for from = max(start, from); from < min(end, to); {
			if err := context.Cause(ctx); err != nil {
				return done, err
			}
			n, err := f.WriteAt(zeros[:min(int64(len(zeros)), min(end, to)-from)], from)
			from += int64(n)
			done += int64(n)
			if err != nil {
				return done, err
			}
		}
	}
	return done, nil
}
