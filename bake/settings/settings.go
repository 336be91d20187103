package settings

import (
	"slices"
	"strings"

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
	Rules   map[string]Switch
	Allow   []Allow
	Salt    []byte // nil: a random one in each run
}

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
		if err := e.allow.Check(known, r.Salt != nil); err != nil {
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
	allow Allow
}

func (r *reader) profile(v *strictyaml.Value) {
	r.Profile = v.Text()
	if err := r.known.Profile(r.Profile); err != nil {
		v.Fail("%v", err)
	}
}

func (r *reader) skip(v *strictyaml.Value) {
	v.List(func(item *strictyaml.Value) {
		id := item.Text()
		if err := r.known.ID(id); err != nil {
			item.Fail("%v", err)
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
	r.Rules = map[string]Switch{}
	v.Each(func(key, value *strictyaml.Value) {
		id, to := key.Text(), Switch(value.Text())
		if err := r.known.ID(id); err != nil {
			key.Fail("%v", err)
		} else if err := r.known.Switch(id, to); err != nil {
			value.Fail("%v", err)
		} else if slices.Contains(r.known.Rules, id) {
			r.Rules[id] = to
		} else {
			r.Skip = append(r.Skip, id)
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
