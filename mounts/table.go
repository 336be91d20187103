package mounts

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/leaven-dev/leaven/internal/fstab"
	"github.com/leaven-dev/leaven/internal/rootfs"
	"github.com/leaven-dev/leaven/mounts/nfs"
)

// Scope tells lines that came with the image, or were written by hand with `leaven mounts apply`, from those that follow the
// configuration of first boot. Each scope removes only its own lines: an instance whose user data names no mounts keeps the
// image's.
type Scope string

// The scopes.
const (
	ByHand    Scope = ""
	FirstBoot Scope = "firstboot"
)

// tag is the option that marks a line.
func (s Scope) tag() string {
	if s == ByHand {
		return fstab.Tag
	}
	return fstab.Tag + "=" + string(s)
}

// Table is what a tree must hold for some mounts.
type Table struct {
	Root   *rootfs.Root
	Scope  Scope
	Mounts []Mount
	Shares []nfs.Share // of the mounts, in their order
	Client string      // what this instance calls itself towards NFS servers; "" leaves that to the kernel
}

// NewTable works out the shares of mounts in a region, which may be "". The error names the mount.
func NewTable(root *rootfs.Root, scope Scope, region string, list []Mount) (*Table, error) {
	t := &Table{Root: root, Scope: scope, Mounts: list}
	helper, err := hasHelper(root)
	if err != nil {
		return nil, err
	}
	for _, m := range list {
		s, err := m.Share(region, helper)
		if err != nil {
			return nil, fmt.Errorf("the mount at %s: %w", m.At, err)
		}
		t.Shares = append(t.Shares, s)
	}
	return t, nil
}

// hasHelper tells whether amazon-efs-utils is in a tree.
func hasHelper(root *rootfs.Root) (bool, error) {
	for _, name := range []string{"/sbin/mount.efs", "/usr/sbin/mount.efs"} {
		if there, err := root.Exists(name); there || err != nil {
			return there, err
		}
	}
	return false, nil
}

// Plan lists what Apply would change: nothing where all is so.
func (t *Table) Plan() ([]string, error) {
	var changes []string
	mounted, err := t.Root.Mounts()
	if err != nil {
		return nil, err
	}
	for _, m := range t.Mounts {
		c, err := folder{t.Root, m}.plan(mounted)
		if err != nil {
			return nil, err
		}
		changes = append(changes, c...)
	}
	f, err := fstab.Read(t.Root)
	if err != nil {
		return nil, err
	}
	c, err := t.edit(f)
	if err != nil {
		return nil, err
	}
	changes = append(changes, c...)
	c, err = t.dropIns(false)
	changes = append(changes, c...)
	if err != nil {
		return changes, err
	}
	c, err = t.client(false)
	return append(changes, c...), err
}

// Apply makes it so, and tells whether systemd must read its files anew. It can be cut off anywhere and called again.
func (t *Table) Apply(ctx context.Context) (changed bool, err error) {
	if _, err := t.Plan(); err != nil {
		return false, err // before anything is done
	}
	mounted, err := t.Root.Mounts()
	if err != nil {
		return false, err
	}
	for _, m := range t.Mounts { // before there is a line: systemd would make folders that everybody can enter
		if err := (folder{t.Root, m}).make(mounted); err != nil {
			return false, err
		}
	}
	changed, err = fstab.Update(ctx, t.Root, func(f *fstab.File) error {
		_, err := t.edit(f)
		return err
	})
	if err != nil {
		return changed, err
	}
	dropIns, err := t.dropIns(true)
	if err != nil {
		return changed || len(dropIns) > 0, err
	}
	_, err = t.client(true)
	return changed || len(dropIns) > 0, err
}

// Problems are broken lines of others in the tree's fstab.
func (t *Table) Problems() ([]fstab.Problem, error) {
	f, err := fstab.Read(t.Root)
	if err != nil {
		return nil, err
	}
	return f.Problems(), nil
}

// edit brings the lines about and says what it changed.
func (t *Table) edit(f *fstab.File) (changes []string, err error) {
	for _, e := range f.Prune(t.keep) {
		changes = append(changes, fmt.Sprintf("remove %s from fstab", e.Point))
	}
	for i, m := range t.Mounts {
		e := t.entry(i)
		there, own := false, false
		for _, old := range f.Entries() {
			if old.At(m.At) && old.Ours() {
				there, own = true, untagged(old) == untagged(e)
			}
		}
		if own {
			continue // whoever wrote it
		}
		if err := f.Set(e); err != nil {
			return nil, err
		}
		verb := "write"
		if there {
			verb = "change"
		}
		changes = append(changes, fmt.Sprintf("%s in fstab: %s", verb, e))
	}
	return changes, nil
}

// keep tells lines that are not for this table to remove.
func (t *Table) keep(e fstab.Entry) bool {
	ours := (e.Type == "nfs4" || e.Type == "efs") && slices.Contains(fstab.SplitOptions(e.Options), t.Scope.tag())
	return !ours || slices.ContainsFunc(t.Mounts, func(m Mount) bool { return e.At(m.At) })
}

func (t *Table) entry(i int) fstab.Entry {
	s := t.Shares[i]
	return fstab.Entry{Source: s.Source, Point: t.Mounts[i].At, Type: s.Type, Options: strings.Join(append(slices.Clone(s.Options), t.Scope.tag()), ",")}
}

// untagged is an entry without its mark.
func untagged(e fstab.Entry) fstab.Entry {
	options := slices.DeleteFunc(fstab.SplitOptions(e.Options), func(o string) bool { return o == fstab.Tag || strings.HasPrefix(o, fstab.Tag+"=") })
	e.Options = strings.Join(options, ",")
	return e
}
