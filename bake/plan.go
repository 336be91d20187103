package bake

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// An Item is one thing that must go.
type Item struct {
	Rule    *Rule
	Path    string // as seen inside the root, without links but for what it may be itself
	Action  Action
	Bytes   int64  // content that would go, in bytes
	Refusal string // why it must stay although it should go; empty where it may go

	acted bool // false: only reported
	info  fs.FileInfo
}

// A Plan is all that must go from a tree. Making one changes nothing.
type Plan struct {
	Items   []Item
	Unknown []Finding // what could not be looked at

	digest  string
	root    *rootfs.Root
	stage   Stage
	guards  []guard
	mounts  []rootfs.Mount
	claimed map[string]bool
	told    map[string]bool // unknowns that were reported already
}

// A guard protects a path and all below it.
type guard struct {
	pattern pattern
	mount   *rootfs.Mount // set when the path is another file system
}

// NewPlan looks through a tree by the rules that the options choose. The error is about the options or about a tree in
// which nothing can be looked at; single places that cannot be looked at are in Unknown.
func NewPlan(root *rootfs.Root, c *Catalogue, o Options) (*Plan, error) {
	uses, err := c.choose(o)
	if err != nil {
		return nil, err
	}
	homes, err := homes(root)
	if err != nil {
		return nil, err
	}
	p := &Plan{digest: c.digest(), root: root, stage: o.Stage, claimed: map[string]bool{}, told: map[string]bool{}}
	if p.stage == "" {
		p.stage = All
	}
	for _, keep := range o.Keep {
		if !strings.HasPrefix(keep, "/") && !strings.HasPrefix(keep, "~/") {
			return nil, fmt.Errorf("cannot keep %q: write an absolute path", keep)
		}
	}
	for _, keep := range patterns(o.Keep, homes) {
		p.guards = append(p.guards, guard{pattern: keep})
	}
	if err := p.guardMounts(o.Cross); err != nil {
		return nil, err
	}
	for i := range c.rules {
		if uses[i] != unused {
			p.look(&c.rules[i], uses[i], homes)
		}
	}
	return p, nil
}

// Catalogue is a digest of the rules that the plan was made from.
func (p *Plan) Catalogue() string { return p.digest }

// look plans one rule.
func (p *Plan) look(r *Rule, u use, homes []string) {
	if !p.any(r, r.When, homes) {
		return
	}
	except := patterns(r.Except, homes)
	refusal := p.refusal(r)
	for _, where := range patterns(r.Where, homes) {
		found := false
		f := p.finder(r)
		f.visit = func(name string, fi fs.FileInfo) {
			found = true
			for _, it := range p.expand(r, name, fi, except) {
				if p.isClaimed(it.Path) {
					continue
				}
				p.claimed[it.Path] = true
				if u != spared && (r.Stage == Shutdown || p.stage != Shutdown) {
					it.Refusal, it.acted = refusal, u == acted
					p.Items = append(p.Items, it)
				}
			}
		}
		f.find(where)
		if !found && r.Reset != nil && r.Reset.Create && u == acted {
			p.planCreation(r, where)
		}
	}
}

func (p *Plan) finder(r *Rule) *finder {
	return &finder{
		root:  p.root,
		enter: func(dir string) bool { return p.mayEnter(r, dir) },
		fail:  func(name string, err error) { p.unknown(r, name, err) },
	}
}

// any tells whether one of the patterns finds something; no patterns find everything.
func (p *Plan) any(r *Rule, list, homes []string) bool {
	found := len(list) == 0
	for _, where := range patterns(list, homes) {
		f := p.finder(r)
		f.visit = func(string, fs.FileInfo) { found = true }
		f.find(where)
		if found {
			break
		}
	}
	return found
}

// refusal says why a rule may not act: nothing in the tree would make again what it takes.
func (p *Plan) refusal(r *Rule) string {
	if len(r.Makers) == 0 {
		return ""
	}
	var names []string
	for _, m := range r.Makers {
		if p.any(r, []string{m.Where}, nil) && (m.Unless == "" || !p.any(r, []string{m.Unless}, nil)) {
			return ""
		}
		names = append(names, m.Name)
	}
	return "nothing in the image would make it again (looked for " + strings.Join(names, ", ") + "); run `leaven install` first"
}

// expand turns what a pattern found into items: none where nothing needs doing, several where something below is guarded.
func (p *Plan) expand(r *Rule, name string, fi fs.FileInfo, except []pattern) []Item {
	parts := newPattern(name)
	for _, e := range except {
		if e.covers(parts) {
			return nil
		}
	}
	for _, g := range p.guards {
		if g.pattern.covers(parts) {
			if g.mount != nil {
				p.mayEnter(r, name)
			}
			return nil
		}
	}
	if fi.Mode().Type() == fs.ModeSymlink {
		return p.link(r, name, fi, except)
	}
	divided := fi.IsDir() && (r.Action == Empty || r.Action == Delete && p.guardedBelow(parts, except))
	if divided {
		return p.children(r, name, except)
	}
	it := Item{Rule: r, Path: name, Action: r.Action, info: fi}
	switch r.Action {
	case Delete, Empty:
		it.Action = Delete
		it.Bytes = p.size(name, fi)
	case Report:
	default:
		if !fi.Mode().IsRegular() {
			return nil
		}
		bytes, needed, err := p.content(r, name, fi)
		if err != nil {
			p.unknown(r, name, err)
			return nil
		}
		it.Bytes = bytes
		if !needed {
			p.claimed[name] = true
			return nil
		}
	}
	return []Item{it}
}

// link decides about a link that a rule found. One to /dev/null holds nothing: somebody put it there so that nothing is
// ever written. Content is changed where the link leads to; deleting takes the link alone.
func (p *Plan) link(r *Rule, name string, fi fs.FileInfo, except []pattern) []Item {
	target, err := p.root.Readlink(name)
	if err != nil {
		p.unknown(r, name, err)
		return nil
	}
	if target == "/dev/null" {
		return nil
	}
	switch r.Action {
	case Delete, Report:
		return []Item{{Rule: r, Path: name, Action: r.Action, info: fi}}
	case Truncate:
		return nil // a log that leads elsewhere is not ours to cut
	}
	if r.Reset != nil && r.Reset.LinkTo == target {
		return nil
	}
	real, err := p.root.Resolve(name)
	if nothing(err) {
		return nil
	}
	if err == nil {
		fi, err = p.root.Stat(real)
	}
	if err != nil {
		p.unknown(r, name, err)
		return nil
	}
	return p.expand(r, real, fi, except)
}

// children expands each entry of a folder by itself.
func (p *Plan) children(r *Rule, name string, except []pattern) []Item {
	if !p.mayEnter(r, name) {
		return nil
	}
	d, err := p.root.OpenDir(name)
	if err != nil {
		p.unknown(r, name, err)
		return nil
	}
	defer d.Close()
	entries, err := d.ReadDir()
	if err != nil {
		p.unknown(r, name, err)
	}
	var items []Item
	sub := *r
	sub.Action = Delete
	for _, e := range entries {
		fi, err := d.Lstat(e.Name())
		if err != nil {
			if !nothing(err) {
				p.unknown(r, path.Join(name, e.Name()), err)
			}
			continue
		}
		for _, it := range p.expand(&sub, path.Join(name, e.Name()), fi, except) {
			it.Rule = r
			items = append(items, it)
		}
	}
	return items
}

// guardedBelow tells whether something in the folder must stay.
func (p *Plan) guardedBelow(name []string, except []pattern) bool {
	below := func(q pattern) bool { return q.reachesBelow(name) }
	return slices.ContainsFunc(except, below) || slices.ContainsFunc(p.guards, func(g guard) bool { return below(g.pattern) })
}

// isClaimed tells whether a rule before has the path or a folder that it lies in.
func (p *Plan) isClaimed(name string) bool {
	for ; name != "/"; name = path.Dir(name) {
		if p.claimed[name] {
			return true
		}
	}
	return false
}

// content tells for truncate, reset and edit whether a file needs it, and how many bytes of content would go.
func (p *Plan) content(r *Rule, name string, fi fs.FileInfo) (bytes int64, needed bool, err error) {
	if r.Action == Truncate {
		return stored(fi), fi.Size() > 0, nil
	}
	data, err := p.root.ReadFile(name)
	if err != nil {
		return 0, false, err
	}
	if r.Action == Edit {
		edited, gone, err := r.Edit.apply(data)
		return gone, string(edited) != string(data), err
	}
	if r.Reset.LinkTo != "" {
		if there, err := p.root.Exists(path.Join(path.Dir(name), r.Reset.LinkTo)); err != nil || there {
			return fi.Size(), true, err
		}
	}
	return fi.Size(), string(data) != r.Reset.Text, nil
}

// planCreation plans a file that is missing and must be there. Its folder is not made: without it nothing wants the file.
func (p *Plan) planCreation(r *Rule, where pattern) {
	name := "/" + strings.Join(where, "/")
	if there, err := p.root.Exists(path.Dir(name)); err != nil || !there || slices.ContainsFunc(where, wild) {
		return
	}
	p.claimed[name] = true
	p.Items = append(p.Items, Item{Rule: r, Path: name, Action: Reset, acted: true})
}

// apply edits the lines of a file; gone is the number of bytes that are no longer there.
func (l *Lines) apply(data []byte) (edited []byte, gone int64, err error) {
	match, err := regexp.Compile(l.Match)
	if err != nil {
		return nil, 0, err
	}
	for line := range strings.Lines(string(data)) {
		text := strings.TrimSuffix(line, "\n")
		end := line[len(text):]
		switch {
		case !match.MatchString(text):
			edited = append(edited, line...)
		case !l.Drop:
			text = match.ReplaceAllString(text, l.With)
			edited = append(edited, text+end...)
		}
	}
	return edited, max(0, int64(len(data)-len(edited))), nil
}

// size adds up what a file or a folder stores, in bytes. It is for the report: what cannot be read counts as nothing.
func (p *Plan) size(name string, fi fs.FileInfo) int64 {
	if !fi.IsDir() {
		return stored(fi)
	}
	d, err := p.root.OpenDir(name)
	if err != nil {
		return 0
	}
	defer d.Close()
	return sizeBelow(d, maxDepth)
}

func sizeBelow(d *rootfs.Dir, depth int) (sum int64) {
	entries, _ := d.ReadDir()
	for _, e := range entries {
		if e.IsDir() {
			if sub, err := d.OpenDir(e.Name()); err == nil && depth > 0 {
				sum += sizeBelow(sub, depth-1)
				sub.Close()
			}
		} else if fi, err := d.Lstat(e.Name()); err == nil {
			sum += stored(fi)
		}
	}
	return sum
}

// stored is what a file really holds: a sparse file of a terabyte may hold nothing.
func stored(fi fs.FileInfo) int64 {
	if !fi.Mode().IsRegular() {
		return 0
	}
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		return min(fi.Size(), st.Blocks*512)
	}
	return fi.Size()
}
