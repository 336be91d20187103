package bake

import (
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// maxDepth is how many folders deep a tree is removed through open directories; each takes a file descriptor.
const maxDepth = 128

// removal removes a file, or a folder with all that is in it. It goes on after what cannot be removed, stays on the mount
// where it began, and takes trees deeper than PATH_MAX or than there are file descriptors: what lies too deep is moved up
// into the folder that is being removed, and removed from there.
type removal struct {
	stop   func() error // says why to stop, if so
	unlink func(d *rootfs.Dir, name string, fi fs.FileInfo) error
	bytes  int64 // of content that is gone

	top    *rootfs.Dir // the folder that is being removed
	raised []string    // names of folders that were moved up into top
	failed error       // the first failure
	more   int         // how many followed
}

func (t *removal) err() error {
	if t.more > 0 {
		return fmt.Errorf("%w; and %d more in the folder", t.failed, t.more)
	}
	return t.failed
}

// fail records an error and tells whether there was one.
func (t *removal) fail(err error) bool {
	switch {
	case err == nil:
		return false
	case t.failed == nil:
		t.failed = err
	default:
		t.more++
	}
	return true
}

// entry removes name in d; below is its path from top. It tells whether nothing of it is in the way any more.
func (t *removal) entry(d *rootfs.Dir, name, below string, depth int) (gone bool) {
	if t.failed != nil && t.stop() != nil || t.fail(t.stop()) {
		return false // once is enough to say that time is up
	}
	fi, err := d.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true // somebody else was quicker
	case t.fail(err):
		return false
	case fi.IsDir() && depth > maxDepth:
		return t.raise(below)
	case fi.IsDir():
		return t.folder(d, name, below, depth)
	case t.fail(t.unlink(d, name, fi)):
		return false
	}
	if links(fi) == 1 {
		t.bytes += stored(fi)
	}
	return true
}

// folder removes the folder name in d. A folder that is not empty is no news: what is left in it was said.
func (t *removal) folder(d *rootfs.Dir, name, below string, depth int) (gone bool) {
	sub, err := d.OpenDir(name)
	if t.fail(err) {
		return false
	}
	defer sub.Close()
	same, err := sameMount(d, sub)
	if err == nil && !same {
		err = fmt.Errorf("%s: %w", Quote(sub.Name()), rootfs.ErrMounted)
	}
	if t.fail(err) {
		return false
	}
	if depth == 0 {
		t.top = sub
	}
	entries, err := sub.ReadDir()
	gone = !t.fail(err)
	for _, e := range entries {
		gone = t.entry(sub, e.Name(), path.Join(below, e.Name()), depth+1) && gone
	}
	for depth == 0 && len(t.raised) > 0 {
		next := t.raised[0]
		t.raised = t.raised[1:]
		gone = t.entry(sub, next, next, 1) && gone
	}
	return gone && !t.fail(explain(d.Remove(name)))
}

func (t *removal) raise(below string) (gone bool) {
	name, err := t.top.Raise(below)
	if t.fail(err) {
		return false
	}
	t.raised = append(t.raised, name)
	return true
}
