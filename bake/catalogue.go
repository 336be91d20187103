package bake

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Catalogue is an ordered list of rules. Where two rules find the same path the first one has it, so what is particular
// stands before what is general.
type Catalogue struct {
	rules    []Rule
	compiled []*compiled // in the same order
}

// NewCatalogue checks the rules, fills in what they leave out, and refuses ids that are used twice.
func NewCatalogue(rules []Rule) (*Catalogue, error) {
	c := &Catalogue{rules: slices.Clone(rules)}
	seen := map[string]bool{}
	var errs []error
	for i := range c.rules {
		r := &c.rules[i]
		if r.Stage == "" {
			r.Stage = Live
		}
		if r.Default == "" {
			r.Default = On
		}
		if r.Severity == "" {
			r.Severity = Error
			if r.Default == AuditOnly {
				r.Severity = Warning
			}
		}
		if seen[r.ID] {
			errs = append(errs, fmt.Errorf("rule %q is there twice", r.ID))
		}
		seen[r.ID] = true
		ready, err := compileRule(r)
		errs = append(errs, r.validate(), err)
		c.compiled = append(c.compiled, ready)
	}
	return c, errors.Join(errs...)
}

// Rules lists the rules in their order.
func (c *Catalogue) Rules() []Rule { return slices.Clone(c.rules) }

// digest tells catalogues apart: two with the same digest find the same things.
func (c *Catalogue) digest() string {
	data, _ := json.Marshal(c.rules) // cannot fail: rules are plain data
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8])
}

// Options choose what of a catalogue is applied to a tree.
type Options struct {
	Profile string   // name of a profile; empty is "ami"
	Only    []string // rule ids: nothing but these
	Skip    []string // rule ids: not these; what they find is left to no other rule either
	Keep    []string // absolute paths or patterns that are left alone with all below them
	Cross   []string // mount points to treat as part of the image
	// Switches set single rules to another default than they or the profile have. Skip and Only win over them.
	Switches map[string]Default
	Stage    Stage // Live, Shutdown, or All; empty is All
	// LastStage says that the last stage will run when this system shuts down, so that a run for the stage live may leave
	// to it what rules hold.
	LastStage bool
}

// use says what is done with one rule.
type use int

const (
	unused  use = iota // its paths are left to other rules
	spared             // its paths are left alone
	audited            // reported, not acted on
	acted
)

// choose decides for each rule, by its index in the catalogue.
func (c *Catalogue) choose(o Options) ([]use, error) {
	profile, err := profileByName(o.Profile)
	if err != nil {
		return nil, err
	}
	for _, id := range slices.Concat(o.Only, o.Skip, slices.Sorted(maps.Keys(o.Switches))) {
		if !slices.ContainsFunc(c.rules, func(r Rule) bool { return r.ID == id }) {
			return nil, fmt.Errorf("there is no rule %q%s: `leaven rules` lists them", id, c.nearest(id))
		}
	}
	uses := make([]use, len(c.rules))
	for i, r := range c.rules {
		switch {
		case slices.Contains(o.Skip, r.ID):
			uses[i] = spared
		case slices.Contains(o.Only, r.ID):
			uses[i] = acted
		case len(o.Only) > 0:
			uses[i] = spared
		case o.Switches[r.ID] == Off:
			uses[i] = spared
		case o.Switches[r.ID] == AuditOnly:
			uses[i] = audited
		case o.Switches[r.ID] == On:
			uses[i] = acted
		default:
			uses[i] = profile.use(r)
		}
		if uses[i] == acted && r.Action == Report {
			uses[i] = audited
		}
	}
	return uses, nil
}

// nearest suggests a rule id for a mistyped one: the one that shares most of its letters in order.
func (c *Catalogue) nearest(id string) string {
	best, score := "", len(id)/2
	for _, r := range c.rules {
		if n := shared(id, r.ID); n > score {
			best, score = r.ID, n
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %q?)", best)
}

// shared counts the letters of a that b has in the same order.
func shared(a, b string) int {
	n := 0
	for _, r := range a {
		if i := strings.IndexRune(b, r); i >= 0 {
			n++
			b = b[i+1:]
		}
	}
	return n
}
