package bake

import (
	"fmt"
	"slices"
	"strings"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// An Item is one thing that must go.
type Item struct {
	Rule    *Rule
	Path    string // as seen inside the root, without links but for what it may be itself
	Action  Action
	Bytes   int64  // content of a file that would go, in bytes; of a folder only when it has gone, or in Preview
	Refusal string // why it must stay although it should go; empty where it may go

	acted  bool  // false: only reported
	folder *node // that it lies in
	name   string
}

// A Plan is all that must go from a tree. Making one changes nothing.
type Plan struct {
	Items   []Item
	Held    []Item    // what is left to the last stage because the build still needs it
	Spared  []Item    // what rules would take that are switched off by name or by the profile
	Unknown []Finding // what could not be looked at
	Notes   []string  // what the plan leaves to people

	used    []string // ids of the rules that act
	digest  string
	view    *view
	stage   Stage
	hold    bool // leave to the last stage what rules hold
	live    bool // the tree is this running system
	homes   []*node
	keep    []pattern
	scripts []Item // programs to run when the rest is done
	owner   *owner
	told    map[string]bool  // places that are in Unknown
	gone    map[string]*Item // by path; see Gone
}

// NewPlan looks through a tree by the rules that the options choose. The error is about the options or about a tree in
// which nothing can be looked at; single places that cannot be looked at are in Unknown.
func NewPlan(root *rootfs.Root, c *Catalogue, o Options) (*Plan, error) {
	uses, err := c.choose(o)
	if err != nil {
		return nil, err
	}
	keep, err := places(o.Keep)
	if err != nil {
		return nil, fmt.Errorf("cannot keep what was asked for: %w", err)
	}
	mounts, err := imageMounts(root, o.Cross)
	if err != nil {
		return nil, err
	}
	p := &Plan{digest: c.digest(), view: newView(root, mounts), stage: o.Stage, told: map[string]bool{}}
	defer p.view.release()
	if p.stage == "" {
		p.stage = All
	}
	p.hold = o.LastStage && p.stage == Live
	if p.live, err = root.Live(); err != nil {
		return nil, err
	}
	if _, err := p.view.list(p.view.top); err != nil {
		return nil, fmt.Errorf("cannot look into %s: %w", root.Dir(), err)
	}
	p.owner = &owner{view: p.view}
	p.homes = homes(p.view, func(name string, err error) { p.unknown("homes", name, err) })
	p.keep = p.absolute(keep)
	for i, r := range c.compiled {
		if uses[i] == acted {
			p.used = append(p.used, r.ID)
		}
		if uses[i] != unused {
			p.look(r, uses[i])
		}
	}
	if len(o.Only) > 0 {
		p.Spared = nil // nobody switched these off; they were not asked for
	}
	return p, nil
}

// Catalogue is a digest of the rules that the plan was made from.
func (p *Plan) Catalogue() string { return p.digest }

// Used lists the rules that act, whether or not they find anything, in the order of the catalogue.
func (p *Plan) Used() []string { return p.used }

// look plans one rule.
func (p *Plan) look(r *compiled, u use) {
	if len(r.when) > 0 && !p.any(r.Rule, r.when, "") || p.any(r.Rule, r.unless, "") {
		return
	}
	before := len(p.Items)
	s := newSearch(p, r, u)
	for _, where := range r.where {
		s.place(where)
	}
	for _, where := range p.namedPlaces(r) {
		s.filesOnly = true
		s.place(where)
	}
	if len(p.Items) > before && u == acted {
		p.planScripts(r)
	}
}

// any tells whether one of the patterns finds something that holds what the regular expression looks for.
func (p *Plan) any(r *Rule, list []place, holds string) bool {
	found := false
	content := compile(holds)
	for _, where := range list {
		f := p.finder(r)
		f.visit = func(n *node, _ bool) { found = found || p.holds(r, n, content) }
		f.find(where)
		if found {
			return true
		}
	}
	return false
}

func (p *Plan) finder(r *Rule) *finder {
	return &finder{
		view:  p.view,
		homes: p.homes,
		skip:  func(*node) bool { return false },
		fail:  func(n *node, err error) { p.unknown(r.ID, n.path(), err) },
	}
}

// refusal says why a rule may not act: nothing in the tree would make again what it takes.
func (p *Plan) refusal(r *compiled) string {
	if len(r.makers) == 0 {
		return ""
	}
	var names []string
	for _, m := range r.makers {
		if p.any(r.Rule, m.where, m.Holds) && !p.any(r.Rule, m.unless, "") {
			return ""
		}
		if !slices.Contains(names, m.Name) {
			names = append(names, m.Name)
		}
	}
	return "nothing in the image would make it again (looked for " + strings.Join(names, ", ") + "); run `leaven install` first"
}

// planScripts plans the programs that want to run after a rule, and notes those that can not.
func (p *Plan) planScripts(r *compiled) {
	for _, where := range r.scripts {
		f := p.finder(r.Rule)
		f.visit = func(n *node, _ bool) {
			target, err := p.view.follow(n)
			if err != nil {
				f.absent(n, err)
				return
			}
			fi, err := p.view.stat(target)
			switch {
			case err != nil:
				f.absent(n, err)
			case !fi.Mode().IsRegular() || fi.Mode()&0o111 == 0:
			case p.live:
				p.scripts = append(p.scripts, Item{Rule: r.Rule, Path: n.path(), Action: Run, acted: true})
			default:
				p.Notes = append(p.Notes, fmt.Sprintf("%s was not run: it belongs to %s, and a program of an image can only run in it", Quote(n.path()), r.ID))
			}
		}
		f.find(where)
	}
}

// unknown records a place that could not be looked at, once, for the first rule that wanted to.
func (p *Plan) unknown(rule, name string, err error) {
	if p.told[name] {
		return
	}
	p.told[name] = true
	p.Unknown = append(p.Unknown, Finding{
		Rule: rule, Path: Quote(name), Severity: Error, State: Unknown,
		Message: "cannot tell: " + reason(err),
		Fix:     "look at the place by hand; run as root on a file system that is whole",
	})
}
