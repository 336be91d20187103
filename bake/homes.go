package bake

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// homes lists the home directories that exist: those of passwd(5), root's, and what lies in /home without an entry, for a
// user who was deleted leaves one behind. Two names for one directory are listed once.
func homes(root *rootfs.Root) ([]string, error) {
	named := []string{"/root"}
	data, err := root.ReadFile("/etc/passwd")
	if err != nil && !nothing(err) {
		return nil, fmt.Errorf("cannot tell whose homes there are: %w", err)
	}
	for line := range strings.Lines(string(data)) {
		if fields := strings.Split(strings.TrimRight(line, "\n"), ":"); len(fields) >= 6 && strings.HasPrefix(fields[5], "/") {
			named = append(named, fields[5])
		}
	}
	if d, err := root.OpenDir("/home"); err == nil {
		entries, err := d.ReadDir()
		if err != nil {
			return nil, fmt.Errorf("cannot tell whose homes there are: %w", err)
		}
		for _, e := range entries {
			named = append(named, path.Join(d.Name(), e.Name()))
		}
		d.Close()
	} else if !nothing(err) {
		return nil, fmt.Errorf("cannot tell whose homes there are: %w", err)
	}
	var found []string
	for _, name := range named {
		real, err := root.Resolve(name)
		if nothing(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("cannot look into the home %s: %w", Quote(name), err)
		}
		if fi, err := root.Stat(real); err == nil && fi.IsDir() {
			found = append(found, escape(real))
		}
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}

// escape makes a path match only itself when it is used in a pattern.
func escape(name string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(name)
}
