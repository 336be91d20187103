package bake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"syscall"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// Applier carries out plans.
type Applier struct {
	Root      *rootfs.Root
	Overwrite bool // overwrite the content of secrets before they are unlinked
	// Command runs a program that makes a writer let go. It is nil for an offline root, where nothing is running.
	Command func(ctx context.Context, argv []string) error
	// Each is told of every change as soon as it is made.
	Each func(Change)

	view *view
}

// Apply does what is planned. What cannot be done is in its change, and the rest is done all the same.
func (a *Applier) Apply(ctx context.Context, p *Plan) []Change {
	a.view = p.view
	defer a.view.release()
	var changes []Change
	asked := map[string]error{}
	done := func(it Item, err error) {
		c := it.change(Done)
		if err != nil {
			c.Result, c.Message, c.Bytes = Failed, reason(err), 0
		}
		changes = append(changes, c)
		a.Each(c)
	}
	for _, it := range p.inOrder() {
		if it.Refusal != "" {
			c := it.change(Refused)
			changes = append(changes, c)
			a.Each(c)
			continue
		}
		err := context.Cause(ctx)
		if err == nil && it.Action != Run {
			err = a.quiesce(ctx, it.Rule, asked)
		}
		if err == nil {
			it.Bytes, err = a.one(ctx, it)
		}
		done(it, err)
	}
	return changes
}

// Preview is what Apply would do.
func (p *Plan) Preview() []Change {
	defer p.view.release()
	var changes []Change
	taken := map[string]int64{} // what goes from a folder before the folder itself, in bytes
	for _, it := range p.inOrder() {
		if it.Refusal != "" {
			changes = append(changes, it.change(Refused))
			continue
		}
		if it.Action == Delete {
			if it.Bytes == 0 {
				it.Bytes = max(0, p.folderSize(it)-taken[it.Path])
			}
			for dir := path.Dir(it.Path); dir != "/"; dir = path.Dir(dir) {
				taken[dir] += it.Bytes
			}
		}
		changes = append(changes, it.change(Planned))
	}
	return changes
}

// folderSize is what a folder stores; what is no folder, or cannot be looked at, counts as nothing.
func (p *Plan) folderSize(it Item) int64 {
	n, err := p.view.child(it.folder, it.name)
	if err != nil || n.kind != fs.ModeDir {
		return 0
	}
	d, err := p.view.open(n)
	if err != nil {
		return 0
	}
	return size(d, maxDepth)
}

func (it Item) change(r Result) Change {
	c := Change{Rule: it.Rule.ID, Path: Quote(it.Path), Action: it.Action, Bytes: it.Bytes, Result: r}
	if r == Refused {
		c.Message, c.Bytes = it.Refusal, 0
	}
	return c
}

// quiesce runs the commands that a rule wants run first, once.
func (a *Applier) quiesce(ctx context.Context, r *Rule, asked map[string]error) error {
	if err, done := asked[r.ID]; done {
		return err
	}
	var err error
	for _, argv := range r.Before {
		if a.Command != nil && err == nil {
			err = a.Command(ctx, argv)
		}
	}
	asked[r.ID] = err
	return err
}

// one carries out one item and says how many bytes of content are gone.
func (a *Applier) one(ctx context.Context, it Item) (int64, error) {
	if it.Action == Run {
		if a.Command == nil {
			return 0, nil
		}
		return 0, a.Command(ctx, []string{filepath.Join(a.Root.Dir(), it.Path)})
	}
	d, err := a.view.open(it.folder)
	if it.Action == Delete && errors.Is(err, fs.ErrNotExist) {
		return 0, nil // somebody else was quicker; it is gone
	}
	if err != nil {
		return 0, err
	}
	switch it.Action {
	case Delete:
		return a.remove(ctx, d, it.name, it.Rule)
	case Truncate:
		return it.Bytes, rewrite(d, it.name, 0, fixed(""))
	case Edit:
		return it.Bytes, rewrite(d, it.name, 0, it.Rule.Edit.edit)
	case Wipe:
		return wipeSwap(ctx, d, it.name)
	case Reset:
		return it.Bytes, a.reset(d, it.name, it.Rule.Reset)
	}
	return 0, fmt.Errorf("no way to %s", it.Action)
}

// reset gives a file its known content, or makes it a link where the link would lead somewhere.
func (a *Applier) reset(d *rootfs.Dir, name string, c *Content) error {
	if c.LinkTo != "" {
		if there, err := a.Root.Exists(c.LinkTo); err != nil {
			return err
		} else if there {
			if err := d.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return explain(err)
			}
			return d.Symlink(c.LinkTo, name)
		}
	}
	mode := fs.FileMode(c.Mode)
	if _, err := d.Lstat(name); errors.Is(err, fs.ErrNotExist) {
		if mode == 0 {
			mode = 0o644
		}
		return d.WriteFile(name, []byte(c.Text), mode)
	}
	return rewrite(d, name, mode, fixed(c.Text))
}

// remove takes away a file or a tree.
func (a *Applier) remove(ctx context.Context, d *rootfs.Dir, name string, r *Rule) (int64, error) {
	t := &removal{
		stop:   func() error { return context.Cause(ctx) },
		unlink: func(d *rootfs.Dir, name string, fi fs.FileInfo) error { return a.unlink(d, name, fi, r) },
	}
	t.entry(d, name, "", 0)
	return t.bytes, t.err()
}

// unlink removes a file's name. Content that has another name as well is not touched: that name may lie outside the root.
func (a *Applier) unlink(d *rootfs.Dir, name string, fi fs.FileInfo, r *Rule) error {
	if a.Overwrite && r.Secret && fi.Mode().IsRegular() {
		if err := overwrite(d, name); err != nil {
			return err
		}
	}
	return explain(d.Remove(name))
}

func links(fi fs.FileInfo) uint64 {
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		return uint64(st.Nlink)
	}
	return 0
}

// explain adds the usual reason why root may not remove or change a file.
func explain(err error) error {
	if errors.Is(err, syscall.EPERM) && os.Geteuid() == 0 {
		return fmt.Errorf("%w (it or its folder may be immutable: see lsattr(1), chattr -i)", err)
	}
	return err
}

// reason is an error as it goes into a report: paths in it are quoted already or come from the catalogue.
func reason(err error) string {
	if pe, ok := errors.AsType[*fs.PathError](err); ok && errors.Unwrap(err) == pe.Err {
		return pe.Op + ": " + pe.Err.Error()
	}
	return Quote(err.Error())
}
