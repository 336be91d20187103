package mounts

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

const unitDir = "/etc/systemd/system"

// dropInName is the file, in the folder of a unit, that makes it need mounts.
func (s Scope) dropInName() string {
	if s == ByHand {
		return "50-leaven-mounts.conf"
	}
	return "50-leaven-" + string(s) + "-mounts.conf"
}

// dropIns says which drop-ins differ from what the mounts need, and makes them so where write is set. The ones of units that need no
// mount any more are removed.
func (t *Table) dropIns(write bool) (changes []string, err error) {
	want := map[string][]string{} // mount points by unit
	for _, m := range t.Mounts {
		for _, unit := range m.RequiredBy {
			want[unit] = append(want[unit], m.At)
		}
	}
	for _, unit := range slices.Sorted(maps.Keys(want)) {
		name, text := path.Join(unitDir, unit+".d", t.Scope.dropInName()), dropIn(want[unit])
		old, err := t.Root.ReadFile(name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return changes, err
		}
		if err == nil && bytes.Equal(old, text) {
			continue
		}
		if write {
			if err := t.Root.WriteFile(name, text, 0o644); err != nil {
				return changes, err
			}
		}
		changes = append(changes, fmt.Sprintf("make %s need %s", unit, strings.Join(want[unit], " and ")))
	}
	dir, err := t.Root.OpenDir(unitDir)
	if errors.Is(err, fs.ErrNotExist) {
		return changes, nil
	}
	if err != nil {
		return changes, err
	}
	defer dir.Close()
	entries, err := dir.ReadDir()
	for _, e := range entries {
		unit, isDropIns := strings.CutSuffix(e.Name(), ".d")
		if !isDropIns || want[unit] != nil {
			continue
		}
		name := path.Join(unitDir, e.Name(), t.Scope.dropInName())
		there, bad := t.Root.Exists(name)
		if bad != nil || !there {
			err = errors.Join(err, bad)
			continue
		}
		if write {
			err = errors.Join(err, t.Root.Remove(name))
		}
		changes = append(changes, fmt.Sprintf("let %s run without mounts", unit))
	}
	return changes, err
}

// dropIn makes a unit start after mounts, and not without them (systemd.unit(5), RequiresMountsFor=).
func dropIn(points []string) []byte {
	var quoted []string
	for _, p := range points {
		p = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "%", "%%").Replace(p)
		quoted = append(quoted, `"`+p+`"`)
	}
	return fmt.Appendf(nil, "# Written by Leaven, from required_by: in its configuration. Changes here are lost.\n[Unit]\nRequiresMountsFor=%s\n", strings.Join(quoted, " "))
}
