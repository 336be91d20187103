package rootfs

import (
	"errors"
	"io/fs"
	"os"
	"path"

	"golang.org/x/sys/unix"
)

// OpenFile opens a regular file; anything else is an error. With os.O_CREATE the file must not be there yet. A file that is
// mounted over its name can be read but not written to: it is another place's.
func (d *Dir) OpenFile(name string, flag int, mode fs.FileMode) (*os.File, error) {
	if flag&os.O_CREATE != 0 {
		fd, err := d.open(name, flag|unix.O_CREAT|unix.O_EXCL, mode)
		if err != nil {
			return nil, d.fault("create", name, err)
		}
		return os.NewFile(uintptr(fd), path.Join(d.Name(), name)), nil
	}
	fd, _, err := d.regular(name, flag)
	if err != nil {
		return nil, d.fault("open", name, err)
	}
	return os.NewFile(uintptr(fd), path.Join(d.Name(), name)), nil
}

// regular opens a regular file and describes it. Opening is harmless whatever stands there: O_NONBLOCK keeps a fifo from
// blocking, and a device that it might reach is closed again unread.
func (d *Dir) regular(name string, flag int) (int, *info, error) {
	seen, err := d.lstat(name)
	if err != nil {
		return -1, nil, err
	}
	if !seen.Mode().IsRegular() {
		return -1, nil, errors.New("is a " + kind(seen.Mode()) + ", not a file")
	}
	fd, err := d.open(name, flag|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return -1, nil, err
	}
	var st unix.Stat_t
	err = again(func() error { return unix.Fstat(fd, &st) })
	opened := describe(name, &st)
	switch {
	case err != nil:
	case !opened.Mode().IsRegular():
		err = errors.New("is a " + kind(opened.Mode()) + " now, not a file")
	case flag&(os.O_WRONLY|os.O_RDWR) != 0:
		err = d.own(fd)
	}
	if err == nil {
		_, err = unix.FcntlInt(uintptr(fd), unix.F_SETFL, flag&^unix.O_ACCMODE) // blocking, as files are
	}
	if err != nil {
		unix.Close(fd)
		return -1, nil, err
	}
	return fd, opened, nil
}

// own checks that an open file lies on the directory's own mount.
func (d *Dir) own(fd int) error {
	here, err := d.Mount()
	if err != nil {
		return err
	}
	there, err := mountOf(fd)
	if err == nil && there != here {
		err = ErrMounted
	}
	return err
}

// ReadStart returns the beginning of a regular file, at most limit bytes.
func (d *Dir) ReadStart(name string, limit int64) ([]byte, error) {
	fd, opened, err := d.regular(name, os.O_RDONLY)
	if err != nil {
		return nil, d.fault("open", name, err)
	}
	defer unix.Close(fd)
	// One byte more than the size, so that the end is seen at once; files in /proc say 0 and hold more.
	buf := make([]byte, 0, min(max(opened.Size(), 0)+1, limit)+512)
	for int64(len(buf)) < limit {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n := 0
		err := again(func() error { n, err = unix.Read(fd, buf[len(buf):cap(buf)]); return err })
		if err != nil {
			return buf, d.fault("read", name, err)
		}
		if n == 0 {
			break
		}
		buf = buf[:len(buf)+n]
	}
	return buf[:min(int64(len(buf)), limit)], nil
}
