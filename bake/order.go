package bake

import (
	"slices"
	"strings"
)

// inOrder is what the plan acts on, programs of the image included. What rules hold comes last of all, and with it the folders
// that it lies in: until then whoever runs this can still come back.
func (p *Plan) inOrder() []Item {
	var held []string
	for _, it := range p.Items {
		if it.acted && it.Rule.Held && it.Refusal == "" {
			held = append(held, it.Path)
		}
	}
	late := func(it Item) bool {
		return slices.ContainsFunc(held, func(path string) bool { return path == it.Path || strings.HasPrefix(path, it.Path+"/") })
	}
	var first, last []Item
	for _, it := range p.Items {
		switch {
		case !it.acted:
		case late(it):
			last = append(last, it)
		default:
			first = append(first, it)
		}
	}
	return slices.Concat(first, p.scripts, last)
}
