package bake

import (
	"path"
	"strings"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// Acts tells whether baking does something about the item, rather than only reporting it.
func (it Item) Acts() bool { return it.acted }

// Gone returns the item by which the content of a file goes when the plan is carried out, or stays as a finding because
// nothing would make it again: its own, or that of a folder that it lies in. What rules that are switched off would take
// counts when the rule is for secrets: whoever switches it off wants them there. Nil where the content stays.
func (p *Plan) Gone(name string) *Item {
	if p.gone == nil {
		p.index()
	}
	for at := name; ; at = path.Dir(at) {
		if it := p.gone[at]; it != nil && (at == name || it.Action == Delete || it.Action == Empty) {
			return it
		}
		if at == "/" || at == "." {
			return nil
		}
	}
}

func (p *Plan) index() {
	p.gone = map[string]*Item{}
	for i := range p.Spared {
		if it := &p.Spared[i]; it.Rule.Secret {
			p.gone[it.Path] = it
		}
	}
	for i := range p.Items {
		it := &p.Items[i]
		switch {
		case it.Action == Report || it.Action == Edit || !it.acted:
		case it.Refusal == "" || it.Rule.Secret:
			p.gone[it.Path] = it
		}
	}
}

// Covers tells whether a pattern, as rules have them, matches an absolute path or a folder that it lies in. "~" stands for
// no home here.
func Covers(pattern, name string) bool {
	for _, one := range braces(pattern) {
		if newPattern(one).covers(strings.Split(strings.TrimPrefix(name, "/"), "/")) {
			return true
		}
	}
	return false
}

// ForeignMounts lists what is mounted in a tree and is no part of the image.
func ForeignMounts(root *rootfs.Root, cross []string) ([]rootfs.Mount, error) {
	mounts, err := imageMounts(root, cross)
	var foreign []rootfs.Mount
	for _, m := range mounts {
		if !m.part {
			foreign = append(foreign, m.Mount)
		}
	}
	return foreign, err
}
