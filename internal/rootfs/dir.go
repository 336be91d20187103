package rootfs

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// ErrMounted says that a file would be written to that is mounted over its name and belongs to another file system, or to
// another place of the same one.
var ErrMounted = errors.New("another file system is mounted there")

// Dir is an open directory of a tree. Names given to its methods are single ones, without a slash, and links among them are
// never followed.
type Dir struct {
	fd    int
	up    *Dir // nil at the top; it may be closed
	base  string
	mount uint64 // 0 until it is asked for
	read  bool   // ReadDir was called
}

// OpenDir follows the links in name and opens the directory that it leads to.
func (r *Root) OpenDir(name string) (*Dir, error) {
	real, err := r.Resolve(name)
	if err != nil {
		return nil, err
	}
	top, err := r.os.Open(".")
	if err != nil {
		return nil, pathError("open", "/", err)
	}
	defer top.Close()
	fd, err := unix.FcntlInt(top.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, pathError("open", "/", err)
	}
	d := &Dir{fd: fd}
	for part := range strings.SplitSeq(inside(real), "/") {
		if part == "." {
			break
		}
		next, err := d.OpenDir(part)
		d.Close()
		if err != nil {
			return nil, err
		}
		d = next
	}
	return d, nil
}

// OpenDir opens a directory in d.
func (d *Dir) OpenDir(name string) (*Dir, error) {
	fd, err := d.open(name, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, d.fault("open", name, err)
	}
	return &Dir{fd: fd, up: d, base: name}, nil
}

// open is openat(2) without following a link at name.
func (d *Dir) open(name string, flag int, mode fs.FileMode) (fd int, err error) {
	if err := single(name); err != nil {
		return -1, err
	}
	err = again(func() error {
		fd, err = unix.Openat(d.fd, name, flag|unix.O_NOFOLLOW|unix.O_CLOEXEC, uint32(mode.Perm()))
		return err
	})
	if err == unix.ELOOP && flag&unix.O_DIRECTORY != 0 {
		err = unix.ENOTDIR // for whoever wants a directory a link is none
	}
	return fd, err
}

// single refuses what is no name of one entry: it could lead somewhere else.
func single(name string) error {
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00") {
		return fmt.Errorf("%q is no name of a directory entry: %w", name, syscall.EINVAL)
	}
	return nil
}

// again calls f until no signal interrupts it; file systems in user space and NFS give up a call for one.
func again(f func() error) error {
	for {
		if err := f(); err != unix.EINTR {
			return err
		}
	}
}

// Close releases the directory.
func (d *Dir) Close() error { return d.fault("close", "", unix.Close(d.fd)) }

// Name is the directory's name in the tree when it was opened. It is put together when it is asked for: in a deep tree it
// is longer than all that is read there.
func (d *Dir) Name() string {
	size := 0
	for at := d; at.up != nil; at = at.up {
		size += 1 + len(at.base)
	}
	if size == 0 {
		return "/"
	}
	name := make([]byte, size)
	for at := d; at.up != nil; at = at.up {
		size -= len(at.base)
		copy(name[size:], at.base)
		size--
		name[size] = '/'
	}
	return string(name)
}

// fault is an error about an entry, or nil.
func (d *Dir) fault(op, name string, err error) error {
	if err == nil {
		return nil
	}
	return pathError(op, path.Join(d.Name(), name), err)
}

// Mount tells mounts apart: two directories or files with the same number lie on the same one. Unlike the device number it
// also tells a bind mount from what lies around it. It is 0 where the kernel does not say (before Linux 5.8).
func (d *Dir) Mount() (uint64, error) {
	if d.mount != 0 {
		return d.mount, nil
	}
	var err error
	d.mount, err = mountOf(d.fd)
	return d.mount, d.fault("statx", "", err)
}

func mountOf(fd int) (uint64, error) {
	var st unix.Statx_t
	err := again(func() error {
		return unix.Statx(fd, "", unix.AT_EMPTY_PATH|unix.AT_STATX_DONT_SYNC, unix.STATX_MNT_ID, &st)
	})
	if errors.Is(err, unix.ENOSYS) || st.Mask&unix.STATX_MNT_ID == 0 {
		return 0, nil
	}
	return st.Mnt_id, err
}

// Lstat describes name.
func (d *Dir) Lstat(name string) (fs.FileInfo, error) {
	fi, err := d.lstat(name)
	if err != nil {
		return nil, d.fault("lstat", name, err)
	}
	return fi, nil
}

func (d *Dir) lstat(name string) (*info, error) {
	var st unix.Stat_t
	err := single(name)
	if err == nil {
		err = again(func() error { return unix.Fstatat(d.fd, name, &st, unix.AT_SYMLINK_NOFOLLOW) })
	}
	return describe(name, &st), err
}

// Readlink returns the target of a link.
func (d *Dir) Readlink(name string) (string, error) {
	buf := make([]byte, unix.PathMax)
	n, err := 0, single(name)
	if err == nil {
		err = again(func() error { n, err = unix.Readlinkat(d.fd, name, buf); return err })
	}
	if err != nil {
		return "", d.fault("readlink", name, err)
	}
	return string(buf[:n]), nil
}

// Remove unlinks a file, a link, or an empty directory.
func (d *Dir) Remove(name string) error {
	err := single(name)
	if err != nil {
		return d.fault("remove", name, err)
	}
	unlink := func(flags int) error { return again(func() error { return unix.Unlinkat(d.fd, name, flags) }) }
	if err = unlink(0); err == unix.EISDIR || err == unix.EPERM { // POSIX says EPERM for a directory, Linux EISDIR
		if err2 := unlink(unix.AT_REMOVEDIR); err2 != unix.ENOTDIR {
			err = err2
		}
	}
	return d.fault("remove", name, err)
}

// Rename gives an entry another name in the same directory, replacing what had it.
func (d *Dir) Rename(from, to string) error {
	err := errors.Join(single(from), single(to))
	if err == nil {
		err = again(func() error { return unix.Renameat(d.fd, from, d.fd, to) })
	}
	return d.fault("rename", from, err)
}

// Symlink makes a link called name that leads to target.
func (d *Dir) Symlink(target, name string) error {
	err := single(name)
	if err == nil {
		err = again(func() error { return unix.Symlinkat(target, d.fd, name) })
	}
	return d.fault("link", name, err)
}

// Link gives an entry of the directory a second name in it; fs.ErrExist where something has that name.
func (d *Dir) Link(from, to string) error {
	err := errors.Join(single(from), single(to))
	if err == nil {
		err = again(func() error { return unix.Linkat(d.fd, from, d.fd, to, 0) })
	}
	return d.fault("link", from, err)
}

// Mkdir makes a directory in d with exactly this mode, whatever the umask.
func (d *Dir) Mkdir(name string, mode fs.FileMode) error {
	err := single(name)
	if err == nil {
		err = again(func() error { return unix.Mkdirat(d.fd, name, uint32(mode.Perm())) })
	}
	if err != nil {
		return d.fault("mkdir", name, err)
	}
	sub, err := d.OpenDir(name)
	if err != nil {
		return err
	}
	defer sub.Close()
	return d.fault("chmod", name, again(func() error { return unix.Fchmod(sub.fd, unixMode(mode)) }))
}

// Sync makes what was created, renamed or removed in the directory survive a power cut.
func (d *Dir) Sync() error {
	return d.fault("sync", "", again(func() error { return unix.Fsync(d.fd) }))
}

// Raise moves what lies at a path below d up into d, under a new name, which it returns. The path is walked one name at a
// time, so that it may be longer than PATH_MAX, and links on it are not followed.
func (d *Dir) Raise(below string) (string, error) {
	at := d
	parts := strings.Split(below, "/")
	for _, part := range parts[:len(parts)-1] {
		next, err := at.OpenDir(part)
		if at != d {
			at.Close()
		}
		if err != nil {
			return "", err
		}
		at = next
	}
	if at != d {
		defer at.Close()
	}
	last := parts[len(parts)-1]
	name := temporary()
	err := single(last)
	if err == nil {
		err = again(func() error { return unix.Renameat(at.fd, last, d.fd, name) })
	}
	return name, at.fault("move", last, err)
}
