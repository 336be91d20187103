package install

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

const (
	receiptFile   = "/usr/lib/leaven/installed.json"
	receiptSchema = "leaven/installed/1"
)

// receipt lists what was put into a root.
type receipt struct {
	Schema  string   `json:"schema"`
	Version string   `json:"version"`
	Files   []string `json:"files"`   // in the order in which they were put there
	Folders []string `json:"folders"` // that were made for them, outer ones first
}

// loadReceipt returns nil where there is none.
func loadReceipt(root *rootfs.Root) (*receipt, error) {
	data, err := root.ReadFile(receiptFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var r receipt
	if err := json.Unmarshal(data, &r); err != nil || r.Schema != receiptSchema {
		return nil, fmt.Errorf("cannot read %s: it is damaged or of another version of Leaven (schema %q); install again over it", receiptFile, r.Schema)
	}
	return &r, nil
}

// add lists a file and the folders before it that are missing.
func (r *receipt) add(root *rootfs.Root, name string) error {
	if !slices.Contains(r.Files, name) {
		r.Files = append(r.Files, name)
	}
	var missing []string
	for dir := path.Dir(name); dir != "/"; dir = path.Dir(dir) {
		there, err := root.Exists(dir)
		if err != nil {
			return err
		}
		if !there && !slices.Contains(r.Folders, dir) {
			missing = append(missing, dir)
		}
	}
	slices.Reverse(missing)
	r.Folders = append(r.Folders, missing...)
	return nil
}

func (r *receipt) save(root *rootfs.Root) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return root.WriteFile(receiptFile, append(data, '\n'), 0o644)
}

// sweep removes what writes that were cut off left in the folders of the files: rootfs writes under such a name first.
func (r *receipt) sweep(root *rootfs.Root) error {
	swept := map[string]bool{}
	for _, name := range r.Files {
		dir := path.Dir(name)
		if swept[dir] {
			continue
		}
		swept[dir] = true
		if err := sweepDir(root, dir); err != nil {
			return err
		}
	}
	return nil
}

func sweepDir(root *rootfs.Root, dir string) error {
	d, err := root.OpenDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer d.Close()
	entries, err := d.ReadDir()
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".leaven-") && e.Type().IsRegular() {
			if err := d.Remove(e.Name()); err != nil {
				return err
			}
		}
	}
	return nil
}
