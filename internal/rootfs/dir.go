package rootfs

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
)

// ErrChanged says that a name led to something else than a moment before: somebody is changing the tree.
var ErrChanged = errors.New("changed while it was being looked at")

// Dir is an open directory of a tree. Names given to its methods are single ones, without a slash, and links among them are
// never followed.
type Dir struct {
	os   *os.Root
	name string
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
	d := &Dir{os: top, name: "/"}
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
	full := path.Join(d.name, name)
	seen, err := d.os.Lstat(name)
	if err != nil {
		return nil, pathError("open", full, err)
	}
	if !seen.IsDir() {
		return nil, pathError("open", full, syscall.ENOTDIR)
	}
	sub, err := d.os.OpenRoot(name)
	if err != nil {
		return nil, pathError("open", full, err)
	}
	// OpenRoot would follow a link that was put in the directory's place after Lstat.
	if opened, err := sub.Stat("."); err != nil || !os.SameFile(seen, opened) {
		sub.Close()
		return nil, pathError("open", full, errors.Join(ErrChanged, err))
	}
	return &Dir{os: sub, name: full}, nil
}

// Close releases the directory.
func (d *Dir) Close() error { return d.os.Close() }

// Name is the directory's name in the tree when it was opened.
func (d *Dir) Name() string { return d.name }

// ReadDir lists the directory, sorted by name.
func (d *Dir) ReadDir() ([]fs.DirEntry, error) {
	f, err := d.os.Open(".")
	if err != nil {
		return nil, pathError("read", d.name, err)
	}
	defer f.Close()
	entries, err := f.ReadDir(-1)
	return sorted(entries), pathError("read", d.name, err)
}

// Lstat describes name.
func (d *Dir) Lstat(name string) (fs.FileInfo, error) {
	fi, err := d.os.Lstat(name)
	return fi, pathError("lstat", path.Join(d.name, name), err)
}

// Readlink returns the target of a link.
func (d *Dir) Readlink(name string) (string, error) {
	target, err := d.os.Readlink(name)
	return target, pathError("readlink", path.Join(d.name, name), err)
}

// OpenFile opens a regular file; anything else is an error. With os.O_CREATE the file must not be there yet.
func (d *Dir) OpenFile(name string, flag int, mode fs.FileMode) (*os.File, error) {
	full := path.Join(d.name, name)
	if flag&os.O_CREATE != 0 {
		f, err := d.os.OpenFile(name, flag|os.O_EXCL, mode)
		return f, pathError("create", full, err)
	}
	seen, err := d.os.Lstat(name)
	if err != nil {
		return nil, pathError("open", full, err)
	}
	if !seen.Mode().IsRegular() {
		return nil, pathError("open", full, errors.New("is a "+kind(seen.Mode())+", not a file"))
	}
	f, err := d.os.OpenFile(name, flag|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, pathError("open", full, err)
	}
	if opened, err := f.Stat(); err != nil || !os.SameFile(seen, opened) {
		f.Close()
		return nil, pathError("open", full, errors.Join(ErrChanged, err))
	}
	return f, nil
}

// Remove unlinks a file, a link, or an empty directory.
func (d *Dir) Remove(name string) error {
	return pathError("remove", path.Join(d.name, name), d.os.Remove(name))
}

// Rename gives an entry another name in the same directory, replacing what had it.
func (d *Dir) Rename(from, to string) error {
	return pathError("rename", path.Join(d.name, from), d.os.Rename(from, to))
}

// Symlink makes a link called name that leads to target.
func (d *Dir) Symlink(target, name string) error {
	return pathError("link", path.Join(d.name, name), d.os.Symlink(target, name))
}

// Mkdir makes a directory in d with exactly this mode, whatever the umask.
func (d *Dir) Mkdir(name string, mode fs.FileMode) error {
	full := path.Join(d.name, name)
	if err := d.os.Mkdir(name, mode.Perm()); err != nil {
		return pathError("mkdir", full, err)
	}
	return pathError("chmod", full, d.os.Chmod(name, mode))
}

// Sync makes what was created, renamed or removed in the directory survive a power cut.
func (d *Dir) Sync() error {
	f, err := d.os.Open(".")
	if err != nil {
		return pathError("open", d.name, err)
	}
	defer f.Close()
	return pathError("sync", d.name, f.Sync())
}

// Raise moves what lies at a path below d up into d, under a new name, which it returns. The path may be longer than
// PATH_MAX: it is walked one name at a time.
func (d *Dir) Raise(below string) (string, error) {
	name := temporary()
	if err := d.os.Rename(below, name); err != nil {
		return "", pathError("move", path.Join(d.name, below), err)
	}
	return name, nil
}
