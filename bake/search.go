package bake

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// search is one rule at work on a tree.
type search struct {
	*Plan
	rule      *Rule
	use       use
	except    []pattern
	busy      []pattern      // left to the last stage, by later rules too
	content   *regexp.Regexp // what a file must hold; nil for anything
	refusal   string
	filesOnly bool
}

func newSearch(p *Plan, r *compiled, u use) *search {
	s := &search{Plan: p, rule: r.Rule, use: u, except: p.absolute(r.except), content: compile(r.Holds), refusal: p.refusal(r), filesOnly: r.Files}
	if p.stage == Live {
		s.busy = p.absolute(r.busy)
	}
	return s
}

// compile is for expressions that were checked with their rule; none is nil.
func compile(expression string) *regexp.Regexp {
	if expression == "" {
		return nil
	}
	return regexp.MustCompile(expression)
}

// place plans what a pattern finds.
func (s *search) place(where place) {
	found := false
	f := s.finder(s.rule)
	f.skip = func(n *node) bool { return n.claimed || len(s.except) > 0 && anyCovers(s.except, n.parts()) }
	f.visit = func(n *node, wildcard bool) {
		found = true
		s.expand(n, s.rule.Action, wildcard)
	}
	f.find(where)
	if name, literal := where.path.literal(); !found && literal && !where.home && s.rule.Reset != nil && s.rule.Reset.Create && s.use == acted {
		s.create(name)
	}
}

// expand plans what was found: nothing where nothing needs doing, several items where something below must stay.
func (s *search) expand(n *node, action Action, wildcard bool) {
	parts := n.parts()
	switch {
	case n.owned() || anyCovers(s.except, parts) || anyCovers(s.keep, parts):
	case anyCovers(s.busy, parts):
		n.claimed = true
		n.keep()
	case n.foreign():
		s.fail(n, foreignMount{n.mount})
	case n.kind == fs.ModeSymlink:
		s.link(n, action)
	case n.kind == fs.ModeDir:
		s.folder(n, action, parts)
	default:
		s.file(n, action, wildcard)
	}
}

// fail records what could not be looked at, unless there is nothing to look at.
func (s *search) fail(n *node, err error) {
	if !nothing(err) {
		s.unknown(s.rule.ID, n.path(), err)
	}
}

func (s *search) folder(n *node, action Action, parts []string) {
	switch {
	case s.filesOnly || s.content != nil:
	case action == Empty:
		s.children(n, true)
	case action == Delete && s.divided(n, parts):
		s.children(n, false)
	case action == Delete || action == Report:
		s.add(n, Item{Action: action})
	}
}

// divided tells whether a folder cannot go as one: something in it must stay, or is mounted there.
func (s *search) divided(n *node, parts []string) bool {
	return n.stays || n.mount != nil || s.view.mountsBelow(n) || s.protects(n, parts)
}

// protects tells whether a pattern keeps something in a folder from going.
func (s *search) protects(n *node, parts []string) bool {
	var near []pattern
	for _, p := range slices.Concat(s.except, s.busy, s.keep) {
		if p.reachesBelow(parts) {
			near = append(near, p)
		}
	}
	if len(near) == 0 {
		return false
	}
	entries, err := s.view.list(n)
	return err != nil || slices.ContainsFunc(entries, func(e *node) bool {
		below := e.parts()
		return anyCovers(near, below) || e.kind == fs.ModeDir && s.protects(e, below)
	})
}

// children plans each entry of a folder by itself.
func (s *search) children(n *node, wildcard bool) {
	entries, err := s.view.list(n)
	if err != nil {
		s.fail(n, err)
	}
	for _, e := range entries {
		s.expand(e, Delete, wildcard)
	}
}

// link decides about a link that a rule found. One to /dev/null holds nothing: somebody put it there so that nothing is
// ever written. Content is changed where the link leads to; deleting takes the link alone.
func (s *search) link(n *node, action Action) {
	target, err := s.view.readlink(n)
	if err != nil {
		s.fail(n, err)
		return
	}
	if !path.IsAbs(target) {
		target = path.Join(n.up.path(), target)
	}
	switch {
	case path.Clean(target) == "/dev/null":
		return
	case action == Truncate || s.content != nil:
		return // a log that leads elsewhere is not ours to cut
	case action == Delete || action == Report:
		if !s.rule.Unowned || !s.owner.owns(n.path()) {
			s.add(n, Item{Action: action})
		}
		return
	case s.rule.Reset != nil && s.rule.Reset.LinkTo == target:
		return
	}
	real, err := s.view.follow(n)
	switch {
	case err != nil:
		s.fail(n, err)
	case astray(n, real):
		s.unknown(s.rule.ID, n.path(), errLeads(real))
	default:
		s.expand(real, action, false)
	}
}

// file plans what is neither a folder nor a link.
func (s *search) file(n *node, action Action, wildcard bool) {
	if n.kind != 0 && (s.filesOnly || action != Delete && action != Report) {
		return
	}
	fi, err := s.view.stat(n)
	if err != nil {
		s.fail(n, err)
		return
	}
	if wildcard && (placeholder(n.name, fi) || s.rule.Action != Empty && readme(n.name)) || !s.holds(s.rule, n, s.content) || s.rule.Unowned && s.owner.owns(n.path()) {
		return
	}
	it := Item{Action: action}
	if action == Delete {
		it.Bytes = stored(fi)
	} else if action != Report {
		needed := false
		if it.Bytes, needed, err = s.change(n, fi); err != nil {
			s.fail(n, err)
			return
		}
		if !needed {
			s.claim(n)
			return
		}
	}
	s.add(n, it)
}

// placeholder tells a small file that only stands there so that its folder is not lost.
func placeholder(name string, fi fs.FileInfo) bool {
	switch name {
	case ".empty", ".gitkeep", ".hgkeep", ".keep", ".keepdir", ".keepme", ".placeholder":
		return fi.Mode().IsRegular() && fi.Size() <= 256
	}
	return false
}

// readme tells a file that says what its folder is for. In folders that rules empty it is one of the things left there.
func readme(name string) bool { return name == "README" || strings.HasPrefix(name, "README.") }

// add plans an item and lets no later rule have its path.
func (s *search) add(n *node, it Item) {
	s.claim(n)
	it.Rule, it.Path, it.folder, it.name = s.rule, n.path(), n.up, n.name
	it.Refusal, it.acted = s.refusal, s.use == acted
	switch {
	case s.use == spared:
		s.Spared = append(s.Spared, it)
	case s.holdsBack():
		s.Held = append(s.Held, it)
	case s.rule.Stage == Shutdown || s.stage != Shutdown:
		s.Items = append(s.Items, it)
	}
}

// holdsBack tells whether what the rule takes is left to the last stage. What may not go at all is said now.
func (s *search) holdsBack() bool { return s.hold && s.rule.Held && s.use == acted && s.refusal == "" }

// claim keeps later rules from a path. What only looks at it, or changes some of its lines, claims nothing.
func (s *search) claim(n *node) {
	if s.rule.Action == Report || s.rule.Action == Edit {
		return
	}
	n.claimed = true
	if s.use != acted || s.holdsBack() || s.refusal != "" || s.rule.Action == Truncate || s.rule.Action == Reset || s.rule.Action == Wipe {
		n.keep()
	}
}

// create plans a file that is missing and must be there. Its folder is not made: without it nothing wants the file.
func (s *search) create(name string) {
	folder, err := s.view.lookup(path.Dir(name))
	switch {
	case err != nil:
		if !nothing(err) {
			s.unknown(s.rule.ID, path.Dir(name), err)
		}
	case folder.kind == fs.ModeDir && s.rule.Stage != Shutdown && s.stage == Shutdown:
	case folder.kind == fs.ModeDir:
		it := Item{Rule: s.rule, Path: name, Action: Reset, acted: true, folder: folder, name: path.Base(name)}
		if s.holdsBack() {
			s.Held = append(s.Held, it)
		} else {
			s.Items = append(s.Items, it)
		}
	}
}
