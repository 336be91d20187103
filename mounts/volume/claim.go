package volume

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// claim opens a device for ourselves alone: while it is open, nobody can mount it, make a file system on it or build another device
// from it (open(2), O_EXCL on block devices). It is opened for reading only, past the page cache, so that what is read is what the
// disk says now. The device must be the one that sysfs told of.
func claim(d device) (*os.File, error) {
	f, err := os.OpenFile(d.path(), os.O_RDONLY|unix.O_EXCL|unix.O_DIRECT|unix.O_NOFOLLOW, 0)
	switch {
	case errors.Is(err, unix.EBUSY):
		return nil, &inUse{d}
	case err != nil:
		return nil, fmt.Errorf("cannot open it: %w", cause(err))
	}
	if err := same(f, d); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// inUse says that somebody else has claimed the device.
type inUse struct{ device device }

func (u *inUse) Error() string { return "is in use by the kernel or another program" }

// same compares an open file with what sysfs said of the device.
func same(f *os.File, d device) error {
	fi, err := f.Stat()
	if err != nil {
		return err
	}
	if fi.Mode()&(fs.ModeDevice|fs.ModeCharDevice) != fs.ModeDevice {
		return fmt.Errorf("is not a block device")
	}
	st, err := statOf(f)
	if err != nil {
		return err
	}
	if number := fmt.Sprintf("%d:%d", unix.Major(st.Rdev), unix.Minor(st.Rdev)); number != d.number {
		return fmt.Errorf("is block device %s now, and was %s a moment ago", number, d.number)
	}
	size, err := ioctlUint64(f, unix.BLKGETSIZE64)
	if err != nil {
		return fmt.Errorf("cannot tell its size: %w", err)
	}
	if size != d.size {
		return fmt.Errorf("has %d bytes now, and had %d a moment ago", size, d.size)
	}
	// Without the ioctl the kernel is older than 5.15, and sysfs did not tell the number either.
	if seq, err := ioctlUint64(f, unix.BLKGETDISKSEQ); err == nil && d.seq != "" && strconv.FormatUint(seq, 10) != d.seq {
		return errors.New("is another disk now than a moment ago")
	}
	return nil
}

func statOf(f *os.File) (st unix.Stat_t, err error) {
	conn, err := f.SyscallConn()
	if err != nil {
		return st, err
	}
	var failed error
	err = conn.Control(func(fd uintptr) { failed = unix.Fstat(int(fd), &st) })
	return st, errors.Join(err, failed)
}

func ioctlUint64(f *os.File, request uintptr) (value uint64, err error) {
	conn, err := f.SyscallConn()
	if err != nil {
		return 0, err
	}
	var errno unix.Errno
	err = conn.Control(func(fd uintptr) {
		_, _, errno = unix.Syscall(unix.SYS_IOCTL, fd, request, uintptr(unsafe.Pointer(&value)))
	})
	if err == nil && errno != 0 {
		err = errno
	}
	return value, err
}

// hold locks a device against udev and others that heed it ("Locking Block Device Access" on systemd.io): they lock the whole disk,
// also for a partition. It waits for them; udev's programs may claim the device for moments. It reaches further than a claim: mkfs
// makes one of its own, so ours must end before.
func hold(ctx context.Context, d device) (*os.File, error) {
	f, err := os.OpenFile("/dev/"+cmp.Or(d.disk, d.name), os.O_RDONLY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot open it: %w", cause(err))
	}
	locked := make(chan error, 1)
	go func() {
		for {
			if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); !errors.Is(err, unix.EINTR) {
				locked <- err
				return
			}
		}
	}()
	select {
	case err = <-locked:
	case <-ctx.Done():
		go func() { <-locked; f.Close() }()
		return nil, fmt.Errorf("is locked by another program: %w", context.Cause(ctx))
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("cannot lock it: %w", err)
	}
	return f, nil
}
