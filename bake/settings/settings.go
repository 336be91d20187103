package settings

import (
	"slices"
	"strings"

	"github.com/leaven-dev/leaven/bake"
	"github.com/leaven-dev/leaven/bake/audit"
	"github.com/leaven-dev/leaven/internal/nearest"
	"github.com/leaven-dev/leaven/internal/strictyaml"
)

// Path is where the file lies in an image.
const Path = "/etc/leaven/bake.yaml"

// minSalt is the least length of a salt, in bytes: a shorter one could be tried out together with the secret.
const minSalt = 8

// Settings are the content of the file. The zero value changes nothing.
type Settings struct {
	Profile string
	Skip    []string // ids of rules and checks
	Keep    []string
	Cross   []string
	Rules   map[string]bake.Default
	Allow   []audit.Allow
	Salt    []byte // nil: a random one in each run
}

// Known is what a file may name.
type Known struct {
	Rules  []string // ids of the catalogue
	Checks []string // ids of the audit's checks
}

func (k Known) has(id string) bool {
	return slices.Contains(k.Rules, id) || slices.Contains(k.Checks, id)
}

func (k Known) hint(id string) string { return nearest.Hint(id, slices.Concat(k.Rules, k.Checks)) }

// Parse reads a file's text; file is its name in errors. Everything that is wrong is in the error, with its place.
func Parse(file string, text []byte, known Known) (Settings, error) {
	r := reader{known: known}
	doc := strictyaml.Parse(file, text)
	if top := doc.Top(); top != nil {
		top.Fields(map[string]func(*strictyaml.Value){
			"profile": r.profile,
			"skip":    r.skip,
			"keep":    func(v *strictyaml.Value) { r.Keep = r.paths(v) },
			"cross":   func(v *strictyaml.Value) { r.Cross = r.paths(v) },
			"rules":   r.rules,
			"allow":   r.allowList,
			"salt":    r.salt,
		})
	}
	for _, e := range r.entries { // a salt may stand below the list that needs it
		if err := e.allow.Check(known.has, r.Salt != nil); err != nil {
			e.at.Fail("%v", err)
		}
		r.Allow = append(r.Allow, e.allow)
	}
	return r.Settings, doc.Err()
}

// reader fills Settings.
type reader struct {
	Settings
	known   Known
	entries []entry
}

type entry struct {
	at    *strictyaml.Value
	allow audit.Allow
}

func (r *reader) profile(v *strictyaml.Value) {
	r.Profile = v.Text()
	var names []string
	for _, p := range bake.Profiles() {
		names = append(names, p.Name)
	}
	if !slices.Contains(names, r.Profile) {
		v.Fail("there is no profile %q: take one of %s", r.Profile, strings.Join(names, ", "))
	}
}

func (r *reader) skip(v *strictyaml.Value) {
	v.List(func(item *strictyaml.Value) {
		id := item.Text()
		if !r.known.has(id) {
			item.Fail("there is no rule %q%s", id, r.known.hint(id))
		}
		r.Skip = append(r.Skip, id)
	})
}

func (r *reader) paths(v *strictyaml.Value) (all []string) {
	v.List(func(item *strictyaml.Value) {
		name := item.Text()
		if !strings.HasPrefix(name, "/") && !strings.HasPrefix(name, "~/") {
			item.Fail("%q is no absolute path", name)
		}
		all = append(all, name)
	})
	return all
}

func (r *reader) rules(v *strictyaml.Value) {
	r.Rules = map[string]bake.Default{}
	v.Each(func(key, value *strictyaml.Value) {
		id, to := key.Text(), bake.Default(value.Text())
		switch {
		case !r.known.has(id):
			key.Fail("there is no rule %q%s", id, r.known.hint(id))
		case slices.Contains(r.known.Rules, id):
			if to != bake.On && to != bake.Off && to != bake.AuditOnly {
				value.Fail("a rule can be set to on, off or audit, not to %q", to)
			}
			r.Rules[id] = to
		case to == bake.Off:
			r.Skip = append(r.Skip, id)
		default:
			value.Fail("%s is a check of the audit: it can only be set to off", id)
		}
	})
}

func (r *reader) allowList(v *strictyaml.Value) {
	v.List(func(item *strictyaml.Value) {
		e := entry{at: item}
		item.Fields(map[string]func(*strictyaml.Value){
			"rule": func(v *strictyaml.Value) { e.allow.Rule = v.Text() },
			"path": func(v *strictyaml.Value) { e.allow.Path = v.Text() },
			"hash": func(v *strictyaml.Value) { e.allow.Hash = v.Text() },
			"why":  func(v *strictyaml.Value) { v.Text() }, // for people
		})
		r.entries = append(r.entries, e)
	})
}

func (r *reader) salt(v *strictyaml.Value) {
	r.Salt = []byte(v.Text())
	if len(r.Salt) < minSalt {
		v.Fail("a salt must have at least %d characters: make one with `openssl rand -hex 16`", minSalt)
	}
}
