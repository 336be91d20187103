package bake

import (
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// tree removes a folder with all that is in it. It goes on after what cannot be removed, stays on the file system where it
// began, and takes trees deeper than PATH_MAX or than there are file descriptors: what lies too deep is moved up beside
// the top and removed from there.
type tree struct {
	top    *rootfs.Dir
	device uint64
	unlink func(d *rootfs.Dir, name string, fi fs.FileInfo) error

	raised []string // names of folders that were moved up into top
}

func (t *tree) remove(name string) error {
	err := t.folder(t.top, name, name, 0)
	for len(t.raised) > 0 {
		next := t.raised[0]
		t.raised = t.raised[1:]
		err = errors.Join(err, t.folder(t.top, next, next, 0))
	}
	return err
}

// folder removes the folder name in d; below is its path from top.
func (t *tree) folder(d *rootfs.Dir, name, below string, depth int) error {
	sub, err := d.OpenDir(name)
	if err != nil {
		return err
	}
	entries, err := sub.ReadDir()
	for _, e := range entries {
		err = errors.Join(err, t.entry(sub, e.Name(), path.Join(below, e.Name()), depth+1))
	}
	sub.Close()
	if err != nil {
		return err // the folder is not empty; the reason was said
	}
	return explain(d.Remove(name))
}

func (t *tree) entry(d *rootfs.Dir, name, below string, depth int) error {
	fi, err := d.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	switch {
	case !fi.IsDir():
		return t.unlink(d, name, fi)
	case device(fi) != t.device:
		return fmt.Errorf("%s: another file system is mounted there", path.Join(d.Name(), name))
	case depth >= maxDepth:
		raised, err := t.top.Raise(below)
		if err != nil {
			return err
		}
		t.raised = append(t.raised, raised)
		return nil
	}
	return t.folder(d, name, below, depth)
}
