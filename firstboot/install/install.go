package install

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"syscall"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// A Change is what was done at one path.
type Change struct {
	Path   string `json:"path"`
	Action Action `json:"action"`
}

// Action is what was done.
type Action string

// The actions.
const (
	Wrote   Action = "wrote"
	Linked  Action = "linked"
	Kept    Action = "kept" // is there already
	Removed Action = "removed"
)

// Install puts Leaven into a root. It can be run again. What an error leaves behind, another run completes, or Uninstall takes out.
func Install(root *rootfs.Root, p Programs, version string) ([]Change, error) {
	files, err := layout(root, p)
	if err != nil {
		return nil, err
	}
	old, err := loadReceipt(root)
	if err != nil {
		old = nil // written anew; what it listed and this version does not have stays
	}
	r := &receipt{Schema: receiptSchema, Version: version, Folders: []string{path.Dir(receiptFile)}}
	if old != nil {
		r.Folders = old.Folders
	}
	if err := r.add(root, receiptFile); err != nil {
		return nil, err
	}
	for _, f := range files {
		if err := r.add(root, f.path); err != nil {
			return nil, err
		}
	}
	var changes []Change
	if old != nil {
		for _, name := range slices.Backward(old.Files) {
			if slices.Contains(r.Files, name) {
				continue
			}
			if err := root.Remove(name); err != nil {
				return changes, err
			}
			changes = append(changes, Change{name, Removed})
		}
	}
	if err := r.sweep(root); err != nil {
		return changes, err
	}
	if err := r.save(root); err != nil {
		return changes, err
	}
	for _, f := range files {
		action, err := f.put(root)
		if err != nil {
			return changes, fmt.Errorf("cannot install %s: %w", f.path, err)
		}
		changes = append(changes, Change{f.path, action})
	}
	return changes, nil
}

// put makes a path hold what belongs there.
func (f file) put(root *rootfs.Root) (Action, error) {
	there, err := f.there(root)
	if there || err != nil {
		return Kept, err
	}
	if f.link == "" {
		return Wrote, root.WriteFile(f.path, f.data, f.mode)
	}
	d, err := root.MkdirAll(path.Dir(f.path), 0o755)
	if err != nil {
		return Linked, err
	}
	defer d.Close()
	name := path.Base(f.path)
	if err := d.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Linked, err
	}
	if err := d.Symlink(f.link, name); err != nil {
		return Linked, err
	}
	return Linked, d.Sync()
}

func (f file) there(root *rootfs.Root) (bool, error) {
	fi, err := root.Lstat(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if f.link != "" {
		if fi.Mode().Type() != fs.ModeSymlink {
			return false, nil
		}
		target, err := root.Readlink(f.path)
		return target == f.link, err
	}
	if !fi.Mode().IsRegular() || fi.Mode().Perm() != f.mode || fi.Size() != int64(len(f.data)) {
		return false, nil
	}
	old, err := root.Open(f.path) // not ReadFile, which is for configuration: a program may be larger
	if err != nil {
		return false, err
	}
	defer old.Close()
	data, err := io.ReadAll(io.LimitReader(old, int64(len(f.data))+1))
	return bytes.Equal(data, f.data), err
}

// Uninstall takes out what Install put in, the drop-ins first, and the folders that it made, where they are empty. Where
// nothing was installed it does nothing.
func Uninstall(root *rootfs.Root) ([]Change, error) {
	r, err := loadReceipt(root)
	if r == nil || err != nil {
		return nil, err
	}
	if err := r.sweep(root); err != nil {
		return nil, err
	}
	var changes []Change
	remove := func(name string) error {
		err := root.Remove(name)
		if err == nil {
			changes = append(changes, Change{name, Removed})
		}
		return err
	}
	for _, name := range slices.Backward(r.Files) {
		if name == receiptFile {
			continue // last, so that a run that is cut off can be finished
		}
		if err := remove(name); err != nil {
			return changes, err
		}
	}
	// The list goes before the folder that it lies in; the folders that are left are gone or not ours alone.
	if err := remove(receiptFile); err != nil {
		return changes, err
	}
	for _, name := range slices.Backward(r.Folders) {
		if err := remove(name); err != nil && !errors.Is(err, syscall.ENOTEMPTY) && !errors.Is(err, syscall.EEXIST) {
			return changes, err
		}
	}
	return changes, nil
}
