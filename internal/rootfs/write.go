package rootfs

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"
)

// WriteFile gives a file new content in one step: a reader, or the next boot after a power cut, sees the old content or the
// new one, never a part. The file is born with its final mode and belongs to root; missing folders are made with 0755. A
// link at name is followed, so that what it leads to is replaced.
func (r *Root) WriteFile(name string, data []byte, mode fs.FileMode) error {
	if real, err := r.Resolve(name); err == nil {
		name = real
	} else if !missing(err) {
		return err
	}
	d, err := r.MkdirAll(path.Dir(path.Clean("/"+name)), 0o755)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.WriteFile(path.Base(name), data, mode)
}

// WriteFile is Root.WriteFile in an open directory.
func (d *Dir) WriteFile(name string, data []byte, mode fs.FileMode) error {
	temp := temporary()
	if err := d.writeNew(temp, data, mode); err != nil {
		return err
	}
	if err := d.Rename(temp, name); err != nil {
		return errors.Join(err, d.Remove(temp))
	}
	return d.Sync()
}

func (d *Dir) writeNew(name string, data []byte, mode fs.FileMode) error {
	f, err := d.OpenFile(name, os.O_WRONLY|os.O_CREATE, mode.Perm())
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(mode) // the umask may have taken bits away
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(d.fault("write", name, err), d.Remove(name))
	}
	return nil
}

// MkdirAll makes a directory and those before it, and opens it. What is there already keeps its mode.
func (r *Root) MkdirAll(name string, mode fs.FileMode) (*Dir, error) {
	d, err := r.OpenDir("/")
	if err != nil {
		return nil, err
	}
	for part := range strings.SplitSeq(inside(name), "/") {
		if part == "." {
			break
		}
		next, err := r.enter(d, part, mode)
		d.Close()
		if err != nil {
			return nil, err
		}
		d = next
	}
	return d, nil
}

// enter opens a directory below d, makes it where it is missing, and follows it where it is a link.
func (r *Root) enter(d *Dir, name string, mode fs.FileMode) (*Dir, error) {
	fi, err := d.Lstat(name)
	switch {
	case missing(err):
		if err := d.Mkdir(name, mode); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
	case err != nil:
		return nil, err
	case fi.Mode().Type() == fs.ModeSymlink:
		return r.OpenDir(path.Join(d.Name(), name))
	}
	return d.OpenDir(name)
}

// Remove unlinks a file, a link, or an empty directory. What is not there already is no error.
func (r *Root) Remove(name string) error {
	d, err := r.OpenDir(path.Dir(path.Clean("/" + name)))
	if missing(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Remove(path.Base(path.Clean("/" + name))); err != nil && !missing(err) {
		return err
	}
	return d.Sync()
}
