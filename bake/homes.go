package bake

import (
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// homes lists the home directories that exist: those of passwd(5), root's, what lies in
// /home without an entry (a user who was deleted leaves one behind, one of a directory service has none), and /etc/skel, from
// which every new home is copied. Two names for one directory are listed once. What cannot be looked at goes to fail.
func homes(v *view, fail func(name string, err error)) []*node {
	found := map[*node]bool{}
	add := func(name string) {
		n, err := v.lookup(name)
		switch {
		case err != nil && !nothing(err):
			fail(name, err)
		case err == nil && n.kind == fs.ModeDir:
			found[n] = true
		}
	}
	add("/root")
	add("/etc/skel")
	for _, name := range passwdHomes(v, fail) {
		add(name)
	}
	if top, err := v.lookup("/home"); err == nil && top.kind == fs.ModeDir {
		for _, n := range unlistedHomes(v, top, found, fail) {
			found[n] = true
		}
	}
	return slices.SortedFunc(maps.Keys(found), func(a, b *node) int { return strings.Compare(a.path(), b.path()) })
}

func passwdHomes(v *view, fail func(name string, err error)) []string {
	n, err := v.lookup("/etc/passwd")
	if nothing(err) {
		return nil
	}
	var data []byte
	if err == nil {
		data, err = v.read(n, maxEdit)
	}
	if err != nil {
		fail("/etc/passwd", err)
	}
	var names []string
	for line := range strings.Lines(string(data)) {
		if fields := strings.Split(strings.TrimRight(line, "\n"), ":"); len(fields) >= 6 && strings.HasPrefix(fields[5], "/") {
			names = append(names, fields[5])
		}
	}
	return names
}

// unlistedHomes are the folders in /home, and those one deeper that look like a home: winbind's and sssd's default is
// /home/DOMAIN/user.
func unlistedHomes(v *view, top *node, listed map[*node]bool, fail func(name string, err error)) []*node {
	var found []*node
	entries, err := v.list(top)
	if err != nil {
		fail(top.path(), err)
	}
	for _, entry := range entries {
		n, err := v.follow(entry)
		if err != nil || n.kind != fs.ModeDir || listed[n] || astray(entry, n) {
			continue
		}
		found = append(found, n)
		below, err := v.list(n)
		if err != nil {
			continue // every rule that looks into this home says so
		}
		for _, sub := range below {
			if sub.kind == fs.ModeDir && looksLikeHome(v, sub) {
				found = append(found, sub)
			}
		}
	}
	return found
}

func looksLikeHome(v *view, n *node) bool {
	for _, name := range []string{".bash_logout", ".bash_profile", ".bashrc", ".cshrc", ".profile", ".ssh", ".zshrc", ".bash_history"} {
		if _, err := v.child(n, name); err == nil {
			return true
		}
	}
	return false
}
