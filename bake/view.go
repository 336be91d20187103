package bake

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// maxOpen is how many folders a view keeps open; each takes a file descriptor.
const maxOpen = 64

// view is what planning knows of a tree. A folder is read once, however many rules look into it. Names are looked up from
// the nearest folder that is open, so that a path longer than PATH_MAX is no obstacle.
type view struct {
	root   *rootfs.Root
	top    *node
	mounts map[string]*mount // by mount point
	around map[string]bool   // folders that have a mount point in them
	opened []*node           // oldest first
}

func newView(root *rootfs.Root, mounts []*mount) *view {
	v := &view{root: root, top: &node{kind: fs.ModeDir}, mounts: map[string]*mount{}, around: map[string]bool{}}
	for _, m := range mounts {
		v.mounts[m.Point] = m
		v.around[path.Dir(m.Point)] = true
	}
	return v
}

// open opens a folder. What it returns is closed by the view, possibly by the next call of open.
func (v *view) open(n *node) (*rootfs.Dir, error) {
	var missing []*node
	at := n
	for ; at.dir == nil && at.up != nil; at = at.up {
		missing = append(missing, at)
	}
	if at.dir == nil {
		d, err := v.root.OpenDir("/")
		if err != nil {
			return nil, err
		}
		v.hold(at, d)
	}
	d := at.dir
	for _, next := range slices.Backward(missing) {
		sub, err := v.enter(d, next)
		if err != nil {
			return nil, err
		}
		v.hold(next, sub)
		d = sub
	}
	return d, nil
}

// enter opens the folder n in d, if what lies on it is part of the image.
func (v *view) enter(d *rootfs.Dir, n *node) (*rootfs.Dir, error) {
	if n.foreign() {
		return nil, foreignMount{n.mount}
	}
	sub, err := d.OpenDir(n.name)
	if err != nil {
		return nil, err
	}
	same, err := sameMount(d, sub)
	if err == nil && !same && n.mount == nil {
		err = foreignMount{&mount{}} // the mount table has it under another name than the root's
	}
	if err != nil {
		sub.Close()
		return nil, err
	}
	return sub, nil
}

func sameMount(a, b *rootfs.Dir) (bool, error) {
	one, err := a.Mount()
	if err != nil {
		return false, err
	}
	other, err := b.Mount()
	return one == other, err
}

func (v *view) hold(n *node, d *rootfs.Dir) {
	if len(v.opened) >= maxOpen {
		v.opened[0].dir.Close()
		v.opened[0].dir = nil
		v.opened = slices.Delete(v.opened, 0, 1)
	}
	n.dir = d
	v.opened = append(v.opened, n)
}

// release closes all folders. They are opened again when they are needed.
func (v *view) release() {
	for _, n := range v.opened {
		n.dir.Close()
		n.dir = nil
	}
	v.opened = nil
}

// list returns what is in a folder. With an error it is what could be read.
func (v *view) list(n *node) ([]*node, error) {
	if n.listed {
		return n.entries, n.err
	}
	n.listed = true
	d, err := v.open(n)
	if err != nil {
		n.err = err
		return nil, err
	}
	entries, err := d.ReadDir()
	n.err = err
	all := make([]node, len(entries))
	n.entries = make([]*node, len(entries))
	for i, e := range entries {
		all[i] = node{up: n, name: e.Name(), kind: e.Type()}
		n.entries[i] = &all[i]
	}
	if len(v.around) > 0 && v.around[n.path()] {
		for _, e := range n.entries {
			e.mount = v.mounts[e.path()]
		}
	}
	return n.entries, err
}

// child finds a name in a folder. What is not there is fs.ErrNotExist.
func (v *view) child(n *node, name string) (*node, error) {
	entries, err := v.list(n)
	i, found := slices.BinarySearchFunc(entries, name, func(e *node, name string) int { return strings.Compare(e.name, name) })
	if found {
		return entries[i], nil
	}
	if err == nil {
		err = fs.ErrNotExist // most of what rules name is not there: no words for it
	}
	return nil, err
}

// stat describes n itself, be it a link or not.
func (v *view) stat(n *node) (fs.FileInfo, error) {
	if n.info != nil {
		return n.info, nil
	}
	if n.up == nil {
		return v.root.Lstat("/")
	}
	d, err := v.open(n.up)
	if err != nil {
		return nil, err
	}
	n.info, err = d.Lstat(n.name)
	return n.info, err
}

// read returns the first bytes of a regular file, at most limit.
func (v *view) read(n *node, limit int64) ([]byte, error) {
	d, err := v.open(n.up)
	if err != nil {
		return nil, err
	}
	return d.ReadStart(n.name, limit)
}

// mountsBelow tells whether something is mounted in the folder n or deeper.
func (v *view) mountsBelow(n *node) bool {
	if len(v.mounts) == 0 {
		return false
	}
	prefix := strings.TrimSuffix(n.path(), "/") + "/"
	for point := range v.mounts {
		if strings.HasPrefix(point, prefix) {
			return true
		}
	}
	return false
}
