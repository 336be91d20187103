package volume

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// chunk is how much is read at once, in bytes.
const chunk = mib

// nonzero is the first byte found that is not zero.
type nonzero struct{ offset uint64 }

func (n *nonzero) Error() string {
	return fmt.Sprintf("is not blank: the byte at %d is not zero", n.offset)
}

// blank reads what must be zero on a blank device. The error is a nonzero where it is not, and any other where that cannot be
// told: a short read is one, too.
func blank(ctx context.Context, r io.ReaderAt, size uint64) error {
	// Memory from mmap(2) begins at a page, as O_DIRECT wants.
	buffer, err := unix.Mmap(-1, 0, chunk, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return fmt.Errorf("cannot get memory to read it: %w", err)
	}
	defer unix.Munmap(buffer)
	zeros := make([]byte, chunk)
	for _, s := range regions(size) {
		for at := s.from; at < s.to; at += chunk {
			if err := ctx.Err(); err != nil {
				return context.Cause(ctx)
			}
			part := buffer[:min(chunk, s.to-at)]
			if n, err := r.ReadAt(part, int64(at)); err != nil || n < len(part) {
				if err == nil || errors.Is(err, io.EOF) {
					err = io.ErrUnexpectedEOF
				}
				return fmt.Errorf("cannot be read at byte %d: %w", at+uint64(n), cause(err))
			}
			if !bytes.Equal(part, zeros[:len(part)]) {
				return &nonzero{at + uint64(bytes.IndexFunc(part, func(r rune) bool { return r != 0 }))}
			}
		}
	}
	return nil
}

// cause is the kernel's own error, without the name of the file that it is about.
func cause(err error) error {
	if p, ok := errors.AsType[*os.PathError](err); ok {
		return p.Err
	}
	return err
}
