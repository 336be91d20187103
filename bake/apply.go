package bake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"syscall"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// maxDepth is how many folders deep a tree is removed through open directories; each takes a file descriptor.
const maxDepth = 400

// Applier carries out plans.
type Applier struct {
	Root      *rootfs.Root
	Overwrite bool // overwrite the content of secrets before they are unlinked
	// Command runs a program that makes a writer let go. It is nil for an offline root, where nothing is running.
	Command func(ctx context.Context, argv []string) error
	// Each is told of every change as soon as it is made.
	Each func(Change)
}

// Apply does what is planned. What cannot be done is in its change, and the rest is done all the same.
func (a *Applier) Apply(ctx context.Context, p *Plan) []Change {
	var changes []Change
	asked := map[string]error{}
	for _, it := range p.Items {
		if !it.acted {
			continue
		}
		c := Change{Rule: it.Rule.ID, Path: Quote(it.Path), Action: it.Action, Bytes: it.Bytes, Result: Done}
		err := context.Cause(ctx)
		if err == nil && it.Refusal == "" {
			err = a.quiesce(ctx, it.Rule, asked)
		}
		switch {
		case err != nil:
		case it.Refusal != "":
			c.Result, c.Message, c.Bytes = Refused, it.Refusal, 0
		default:
			err = a.one(it)
		}
		if err != nil {
			c.Result, c.Message, c.Bytes = Failed, reason(err), 0
		}
		changes = append(changes, c)
		a.Each(c)
	}
	return changes
}

// Preview is what Apply would do.
func (p *Plan) Preview() []Change {
	var changes []Change
	for _, it := range p.Items {
		if !it.acted {
			continue
		}
		c := Change{Rule: it.Rule.ID, Path: Quote(it.Path), Action: it.Action, Bytes: it.Bytes, Result: Planned}
		if it.Refusal != "" {
			c.Result, c.Message, c.Bytes = Refused, it.Refusal, 0
		}
		changes = append(changes, c)
	}
	return changes
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

func (a *Applier) one(it Item) error {
	d, err := a.Root.OpenDir(path.Dir(it.Path))
	if err != nil {
		return err
	}
	defer d.Close()
	name := path.Base(it.Path)
	switch it.Action {
	case Delete:
		return a.remove(d, name, it.Rule)
	case Truncate:
		return rewrite(d, name, nil, 0)
	case Edit:
		data, err := a.Root.ReadFile(it.Path)
		if err != nil {
			return err
		}
		if data, _, err = it.Rule.Edit.apply(data); err != nil {
			return err
		}
		return rewrite(d, name, data, 0)
	case Reset:
		return a.reset(d, name, it.Rule.Reset)
	}
	return fmt.Errorf("no way to %s", it.Action)
}

// reset gives a file its known content, or makes it a link where the link would lead somewhere.
func (a *Applier) reset(d *rootfs.Dir, name string, c *Content) error {
	mode := fs.FileMode(c.Mode)
	if c.LinkTo != "" {
		if there, err := a.Root.Exists(path.Join(d.Name(), c.LinkTo)); err != nil {
			return err
		} else if there {
			if err := d.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			return d.Symlink(c.LinkTo, name)
		}
	}
	if _, err := d.Lstat(name); errors.Is(err, fs.ErrNotExist) {
		if mode == 0 {
			mode = 0o644
		}
		return d.WriteFile(name, []byte(c.Text), mode)
	}
	return rewrite(d, name, []byte(c.Text), mode)
}

// remove takes away a file or a tree.
func (a *Applier) remove(d *rootfs.Dir, name string, r *Rule) error {
	fi, err := d.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // somebody else was quicker; it is gone
	}
	if err != nil {
		return err
	}
	if !fi.IsDir() {
		return a.unlink(d, name, fi, r)
	}
	t := &tree{top: d, device: device(fi), unlink: func(d *rootfs.Dir, name string, fi fs.FileInfo) error {
		return a.unlink(d, name, fi, r)
	}}
	return t.remove(name)
}

// unlink removes a file's name. Content that has another name as well is not touched: that name may lie outside the root.
func (a *Applier) unlink(d *rootfs.Dir, name string, fi fs.FileInfo, r *Rule) error {
	if a.Overwrite && r.Secret && fi.Mode().IsRegular() && links(fi) == 1 {
		if err := overwrite(d, name); err != nil {
			return err
		}
	}
	return explain(d.Remove(name))
}

func device(fi fs.FileInfo) uint64 {
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		return st.Dev
	}
	return 0
}

func links(fi fs.FileInfo) uint64 {
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		return uint64(st.Nlink)
	}
	return 0
}

// explain adds the usual reason why root may not remove a file.
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
