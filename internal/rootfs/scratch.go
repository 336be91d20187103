package rootfs

import (
	"errors"
	"os"
	"path"

	"golang.org/x/sys/unix"
)

// Scratch makes a file on the directory's file system that has no name: when it is closed, or when we are killed, it is gone
// with all that it takes up.
func (d *Dir) Scratch() (*os.File, error) {
	const name = "scratch"
	var fd int
	err := again(func() (err error) {
		fd, err = unix.Openat(d.fd, ".", unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
		return err
	})
	if err == nil {
		return os.NewFile(uintptr(fd), path.Join(d.Name(), name)), nil
	}
	if !errors.Is(err, unix.EOPNOTSUPP) && !errors.Is(err, unix.EISDIR) && !errors.Is(err, unix.EINVAL) {
		return nil, d.fault("create", name, err)
	}
	// This file system cannot do that; a name is there for a moment.
	temp := temporary()
	f, err := d.OpenFile(temp, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := d.Remove(temp); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// SyncAll makes all that was written to the directory's file system survive a power cut. Blocks of files that were removed
// can be given to others only then (ext4 keeps them until its journal is written).
func (d *Dir) SyncAll() error {
	return d.fault("syncfs", "", again(func() error { return unix.Syncfs(d.fd) }))
}

// Free is what is free on the directory's file system, in bytes, the part that is kept for root included.
func (d *Dir) Free() (int64, error) {
	var st unix.Statfs_t
	if err := again(func() error { return unix.Fstatfs(d.fd, &st) }); err != nil {
		return 0, d.fault("statfs", "", err)
	}
	return int64(st.Bfree) * st.Bsize, nil
}
