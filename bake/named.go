package bake

import (
	"path"
	"strings"
)

// named returns the places that configuration files name for a rule, as patterns.
func (p *Plan) named(r *Rule) []pattern {
	var places []string
	for _, ref := range r.Named {
		match := compile(ref.Match)
		for _, where := range patterns(ref.In, p.homes) {
			f := p.finder(r)
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
				for _, found := range match.FindAllSubmatch(data, -1) {
					places = append(places, placesIn(string(found[1]))...)
				}
			}
			f.find(where)
		}
	}
	return patterns(places, p.homes)
}

// placesIn reads a list of paths from a configuration file. What is no path, or one that the catalogue would refuse, is
// left out.
func placesIn(value string) []string {
	var places []string
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
		place := path.Join("/", strings.NewReplacer("%%", "%", "%u", "*", "%U", "*").Replace(escape(word)))
		if home || !path.IsAbs(word) {
			place = "~" + place
		}
		if checkPattern(place) == nil {
			places = append(places, place)
		}
	}
	return places
}
