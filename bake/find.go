package bake

import (
	"io/fs"
	"slices"
)

// finder looks for what patterns match in a tree.
type finder struct {
	view  *view
	homes []*node
	// skip says that nothing in a folder is of interest.
	skip func(dir *node) bool
	// visit is told what was found; wildcard says that the pattern does not name it outright.
	visit func(n *node, wildcard bool)
	fail  func(n *node, err error) // what could not be looked at
}

func (f *finder) find(p place) {
	if !p.home {
		f.in(f.view.top, p.path)
		return
	}
	for _, home := range f.homes {
		f.in(home, p.path)
	}
}

// in finds what p matches below n.
func (f *finder) in(n *node, p pattern) {
	last := len(p) == 1
	switch s := p[0]; {
	case s.deep:
		f.deep(n, p)
	case s.wild:
		for _, e := range f.list(n) {
			if !s.matches(e.name) {
				continue
			}
			if last {
				f.visit(e, true)
			} else if e.kind == fs.ModeDir {
				f.down(e, p[1:])
			}
		}
	default:
		e, err := f.view.child(n, s.text)
		switch {
		case err != nil:
			f.absent(n, err)
		case last:
			f.visit(e, false)
		case e.kind == fs.ModeDir:
			f.down(e, p[1:])
		case e.kind == fs.ModeSymlink:
			f.through(e, p[1:])
		}
	}
}

// deep handles "**": any number of folders. At the end of a pattern it finds everything but folders.
func (f *finder) deep(n *node, p pattern) {
	if len(p) > 1 {
		f.in(n, p[1:])
	}
	for _, e := range f.list(n) {
		if e.kind == fs.ModeDir {
			f.down(e, p)
		} else if len(p) == 1 {
			f.visit(e, true)
		}
	}
}

func (f *finder) down(n *node, rest pattern) {
	if !f.skip(n) {
		f.in(n, rest)
	}
}

// through follows a link that a pattern names outright on its way.
func (f *finder) through(n *node, rest pattern) {
	target, err := f.view.follow(n)
	switch {
	case err != nil:
		f.absent(n, err)
	case astray(n, target):
		f.fail(n, errLeads(target))
	case target.kind == fs.ModeDir:
		f.down(target, rest)
	}
}

// astray tells that a link leads to a place where a rule made for another one would do harm: to the top, to a folder that
// the link itself lies in, or to a whole system folder. Distributions move folders below one of these (/lib → /usr/lib,
// /home → /var/home), never onto one.
func astray(link, target *node) bool {
	for at := link.up; at != nil; at = at.up {
		if at == target {
			return true
		}
	}
	system := []string{"bin", "boot", "dev", "etc", "home", "lib", "lib64", "proc", "root", "sbin", "sys", "usr", "var"}
	return target.up == nil || target.up.up == nil && slices.Contains(system, target.name)
}

func (f *finder) list(n *node) []*node {
	entries, err := f.view.list(n)
	if err != nil {
		f.absent(n, err)
	}
	return entries
}

// absent passes an error on unless it says that there is nothing: a rule's place does not exist on every system.
func (f *finder) absent(n *node, err error) {
	if !nothing(err) {
		f.fail(n, err)
	}
}
