package bake

import (
	"path"
	"slices"
)

// inOrder is what the plan acts on, programs of the image included. What rules hold comes last of all, and with it the folders
// that it lies in: until then whoever runs this can still come back.
func (p *Plan) inOrder() []Item {
	late := map[string]bool{}
	for _, it := range p.Items {
		if it.acted && it.Rule.Held && it.Refusal == "" {
			for at := it.Path; !late[at]; at = path.Dir(at) {
				late[at] = true
			}
		}
	}
	var first, last []Item
	for _, it := range p.Items {
		switch {
		case !it.acted:
		case late[it.Path]:
			last = append(last, it)
		default:
			first = append(first, it)
		}
	}
	return slices.Concat(first, p.scripts, last)
}
