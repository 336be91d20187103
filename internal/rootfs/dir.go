package rootfs

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// ErrChanged says that a name led to something else than a moment before: somebody is changing the tree.
var ErrChanged = errors.New("changed while it was being looked at")

// ErrMounted says that a file would be written to that is mounted over its name and belongs to another file system, or to
// another place of the same one.
var ErrMounted = errors.New("another file system is mounted there")

// Dir is an open directory of a tree. Names given to its methods are single ones, without a slash, and links among them are
// never followed.
type Dir struct {
	os    *os.Root
	up    *Dir // nil at the top; it may be closed
	base  string
	mount uint64 // 0 until it is asked for
}

// OpenDir follows the links in name and opens the directory that it leads to.
func (r *Root) OpenDir(name string) (*Dir, error) {
	real, err := r.Resolve(name)
	if err != nil {
		return nil, err
	}
	top, err := r.os.OpenRoot(".")
	if err != nil {
		return nil, pathError("open", "/", err)
	}
	d := &Dir{os: top}
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
	seen, err := d.os.Lstat(name)
	if err != nil {
		return nil, d.fault("open", name, err)
	}
	if !seen.IsDir() {
		return nil, d.fault("open", name, syscall.ENOTDIR)
	}
	sub, err := d.os.OpenRoot(name)
	if err != nil {
		return nil, d.fault("open", name, err)
	}
	// OpenRoot would follow a link that was put in the directory's place after Lstat.
	if opened, err := sub.Stat("."); err != nil || !os.SameFile(seen, opened) {
		sub.Close()
		return nil, d.fault("open", name, errors.Join(ErrChanged, err))
	}
	return &Dir{os: sub, up: d, base: name}, nil
}

// Close releases the directory.
func (d *Dir) Close() error { return d.os.Close() }

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
	f, err := d.os.Open(".")
	if err != nil {
		return 0, d.fault("open", "", err)
	}
	defer f.Close()
	d.mount, err = mountOf(f)
	return d.mount, d.fault("statx", "", err)
}

func mountOf(f *os.File) (uint64, error) {
	var st unix.Statx_t
	err := unix.Statx(int(f.Fd()), "", unix.AT_EMPTY_PATH|unix.AT_STATX_DONT_SYNC, unix.STATX_MNT_ID, &st)
	if errors.Is(err, unix.ENOSYS) || st.Mask&unix.STATX_MNT_ID == 0 {
		return 0, nil
	}
	return st.Mnt_id, err
}

// ReadDir lists the directory, sorted by name.
func (d *Dir) ReadDir() ([]fs.DirEntry, error) {
	f, err := d.os.Open(".")
	if err != nil {
		return nil, d.fault("read", "", err)
	}
	defer f.Close()
	entries, err := f.ReadDir(-1)
	return sorted(entries), d.fault("read", "", err)
}

// Lstat describes name.
func (d *Dir) Lstat(name string) (fs.FileInfo, error) {
	fi, err := d.os.Lstat(name)
	return fi, d.fault("lstat", name, err)
}

// Readlink returns the target of a link.
func (d *Dir) Readlink(name string) (string, error) {
	target, err := d.os.Readlink(name)
	return target, d.fault("readlink", name, err)
}

// OpenFile opens a regular file; anything else is an error. With os.O_CREATE the file must not be there yet. A file that is
// mounted over its name can be read but not written to: it is another place's.
func (d *Dir) OpenFile(name string, flag int, mode fs.FileMode) (*os.File, error) {
	if flag&os.O_CREATE != 0 {
		f, err := d.os.OpenFile(name, flag|os.O_EXCL, mode)
		return f, d.fault("create", name, err)
	}
	seen, err := d.os.Lstat(name)
	if err != nil {
		return nil, d.fault("open", name, err)
	}
	if !seen.Mode().IsRegular() {
		return nil, d.fault("open", name, errors.New("is a "+kind(seen.Mode())+", not a file"))
	}
	f, err := d.os.OpenFile(name, flag|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, d.fault("open", name, err)
	}
	opened, err := f.Stat()
	switch {
	case err != nil || !os.SameFile(seen, opened):
		err = errors.Join(ErrChanged, err)
	case flag&(os.O_WRONLY|os.O_RDWR) != 0:
		err = d.own(f)
	}
	if err != nil {
		f.Close()
		return nil, d.fault("open", name, err)
	}
	return f, nil
}

// own checks that an open file lies on the directory's own mount.
func (d *Dir) own(f *os.File) error {
	here, err := d.Mount()
	if err != nil {
		return err
	}
	there, err := mountOf(f)
	if err == nil && there != here {
		err = ErrMounted
	}
	return err
}

// Remove unlinks a file, a link, or an empty directory.
func (d *Dir) Remove(name string) error {
	return d.fault("remove", name, d.os.Remove(name))
}

// Rename gives an entry another name in the same directory, replacing what had it.
func (d *Dir) Rename(from, to string) error {
	return d.fault("rename", from, d.os.Rename(from, to))
}

// Symlink makes a link called name that leads to target.
func (d *Dir) Symlink(target, name string) error {
	return d.fault("link", name, d.os.Symlink(target, name))
}

// Mkdir makes a directory in d with exactly this mode, whatever the umask.
func (d *Dir) Mkdir(name string, mode fs.FileMode) error {
	if err := d.os.Mkdir(name, mode.Perm()); err != nil {
		return d.fault("mkdir", name, err)
	}
	return d.fault("chmod", name, d.os.Chmod(name, mode))
}

// Sync makes what was created, renamed or removed in the directory survive a power cut.
func (d *Dir) Sync() error {
	f, err := d.os.Open(".")
	if err != nil {
		return d.fault("open", "", err)
	}
	defer f.Close()
	return d.fault("sync", "", f.Sync())
}

// Raise moves what lies at a path below d up into d, under a new name, which it returns. The path may be longer than
// PATH_MAX: it is walked one name at a time.
func (d *Dir) Raise(below string) (string, error) {
	name := temporary()
	if err := d.os.Rename(below, name); err != nil {
		return "", d.fault("move", below, err)
	}
	return name, nil
}
