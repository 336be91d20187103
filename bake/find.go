package bake

import (
	"errors"
	"io/fs"
	"path"
	"syscall"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// finder looks for what patterns match in a tree.
type finder struct {
	root *rootfs.Root
	// enter says whether a folder may be entered: mount points that are no part of the image may not.
	enter func(dir string) bool
	visit func(name string, fi fs.FileInfo)
	fail  func(name string, err error) // what could not be looked at
}

func (f *finder) find(p pattern) {
	top, err := f.root.OpenDir("/")
	if err != nil {
		f.fail("/", err)
		return
	}
	defer top.Close()
	f.in(top, p)
}

// in finds what p matches below d.
func (f *finder) in(d *rootfs.Dir, p pattern) {
	last := len(p) == 1
	switch {
	case p[0] == "**":
		f.deep(d, p)
	case !wild(p[0]) && last:
		f.one(d, p[0])
	case !wild(p[0]):
		f.step(d, p[0], p[1:])
	default:
		for _, e := range f.list(d) {
			if !matchName(p[0], e.Name()) {
				continue
			}
			if last {
				f.one(d, e.Name())
			} else if e.IsDir() {
				f.down(d, e.Name(), p[1:])
			}
		}
	}
}

// deep handles "**": any number of folders. At the end of a pattern it finds everything but folders.
func (f *finder) deep(d *rootfs.Dir, p pattern) {
	if len(p) > 1 {
		f.in(d, p[1:])
	}
	for _, e := range f.list(d) {
		if e.IsDir() {
			f.down(d, e.Name(), p)
		} else if len(p) == 1 {
			f.one(d, e.Name())
		}
	}
}

// step enters what a pattern names outright, through a link where it is one.
func (f *finder) step(d *rootfs.Dir, name string, rest pattern) {
	fi, err := d.Lstat(name)
	if err != nil {
		f.absent(path.Join(d.Name(), name), err)
		return
	}
	if fi.Mode().Type() != fs.ModeSymlink {
		if fi.IsDir() {
			f.down(d, name, rest)
		}
		return
	}
	target, err := f.root.OpenDir(path.Join(d.Name(), name))
	if err != nil {
		f.absent(path.Join(d.Name(), name), err)
		return
	}
	defer target.Close()
	if f.enter(target.Name()) {
		f.in(target, rest)
	}
}

// down enters a folder.
func (f *finder) down(d *rootfs.Dir, name string, rest pattern) {
	if !f.enter(path.Join(d.Name(), name)) {
		return
	}
	sub, err := d.OpenDir(name)
	if err != nil {
		f.absent(path.Join(d.Name(), name), err)
		return
	}
	defer sub.Close()
	f.in(sub, rest)
}

func (f *finder) one(d *rootfs.Dir, name string) {
	full := path.Join(d.Name(), name)
	fi, err := d.Lstat(name)
	if err != nil {
		f.absent(full, err)
		return
	}
	f.visit(full, fi)
}

func (f *finder) list(d *rootfs.Dir) []fs.DirEntry {
	entries, err := d.ReadDir()
	if err != nil {
		f.fail(d.Name(), err)
	}
	return entries
}

// absent passes an error on unless it says that there is nothing: a rule's place does not exist on every system.
func (f *finder) absent(name string, err error) {
	if !nothing(err) {
		f.fail(name, err)
	}
}

// nothing tells that an error means absence. A loop of links leads nowhere either.
func nothing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ELOOP)
}
