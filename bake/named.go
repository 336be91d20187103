package bake

import (
	"path"
	"strings"
)

// namedPlaces returns the places that configuration files name for a rule.
func (p *Plan) namedPlaces(r *compiled) []place {
	var found []place
	for i, ref := range r.Named {
		match := compile(ref.Match)
		f := p.finder(r.Rule)
		f.visit = func(n *node, _ bool) {
			target, err := p.view.follow(n)
			if err == nil && target.kind != 0 {
				return
			}
			var data []byte
			if err == nil {
				data, err = p.view.read(target, maxHolds)
			}
			if err != nil {
				f.absent(n, err)
				return
			}
			for _, words := range match.FindAllSubmatch(data, -1) {
				found = append(found, placesIn(string(words[1]))...)
			}
		}
		for _, where := range r.named[i] {
			f.find(where)
		}
	}
	return found
}

// placesIn reads a list of paths from a configuration file. What is no path, or one that the catalogue would refuse, is
// left out.
func placesIn(value string) []place {
	var found []place
	for word := range strings.FieldsSeq(value) {
		word = strings.Trim(word, `"';`)
		if word == "" || strings.EqualFold(word, "none") {
			continue
		}
		home := false
		for _, prefix := range []string{"~/", "$HOME/", "${HOME}/", "%h/"} {
			rest, cut := strings.CutPrefix(word, prefix)
			if cut {
				word, home = rest, true
			}
		}
		if strings.ContainsAny(word, "$`{}") {
			continue // a variable whose value only the program knows
		}
		name := path.Join("/", strings.NewReplacer("%%", "%", "%u", "*", "%U", "*").Replace(escape(word)))
		if home || !path.IsAbs(word) {
			name = "~" + name
		}
		if one, err := places([]string{name}); err == nil {
			found = append(found, one...)
		}
	}
	return found
}
