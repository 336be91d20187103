package config

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// A Layer is one document.
type Layer struct {
	Name string // for people: a path, or "user data"
	Text []byte
}

// Files reads the layers that lie in a tree, in order. A file that cannot be read is an error; one that is not there is none.
func Files(root *rootfs.Root) ([]Layer, error) {
	names := []string{"/usr/lib/leaven/firstboot.yaml", "/etc/leaven/firstboot.yaml"}
	const dropIns = "/etc/leaven/firstboot.d"
	dir, err := root.OpenDir(dropIns)
	if err == nil {
		defer dir.Close()
		entries, err := dir.ReadDir()
		if err != nil {
			return nil, err
		}
		var here []string
		for _, e := range entries {
			if strings.HasSuffix(e.Name(), ".yaml") && !strings.HasPrefix(e.Name(), ".") {
				here = append(here, path.Join(dropIns, e.Name()))
			}
		}
		slices.Sort(here)
		names = append(names, here...)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var layers []Layer
	for _, name := range names {
		text, err := root.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		layers = append(layers, Layer{Name: name, Text: text})
	}
	return layers, nil
}
