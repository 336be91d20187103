package audit

import (
	"fmt"

	"github.com/leaven-dev/leaven/bake"
	"github.com/leaven-dev/leaven/bake/settings"
)

// covers tells whether an entry accepts a finding; name is the finding's path as it is, not quoted.
func covers(a settings.Allow, f bake.Finding, name string) bool {
	return (a.Rule == "" || a.Rule == f.Rule) && (a.Hash == "" || a.Hash == f.Hash) && (a.Path == "" || bake.Covers(a.Path, name))
}

// allowed takes out what the list accepts, and says which entries accepted nothing.
func allowed(found []bake.Finding, list []settings.Allow) (left []bake.Finding, notes []string) {
	used := make([]bool, len(list))
	taken := 0
	for _, f := range found {
		name, err := bake.Unquote(f.Path)
		if err != nil {
			name = f.Path
		}
		accepted := false
		for i, a := range list {
			if covers(a, f, name) {
				accepted, used[i] = true, true
			}
		}
		if accepted {
			taken++
		} else {
			left = append(left, f)
		}
	}
	if taken > 0 {
		notes = append(notes, "the allow list accepts "+count(taken, "finding"))
	}
	for i, a := range list {
		if !used[i] {
			notes = append(notes, fmt.Sprintf("the allow list's entry %q accepts nothing: remove it", a))
		}
	}
	return left, notes
}
