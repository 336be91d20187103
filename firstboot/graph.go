package firstboot

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/leaven-dev/leaven/internal/nearest"
)

// order checks a list of steps and sorts it so that each step comes after those that it depends on; otherwise the order stays.
// Steps that were run before may be named too.
func order(steps []Step, before map[string]bool) ([]Step, error) {
	byID := map[string]Step{}
	for _, s := range steps {
		_, twice := byID[s.ID]
		if _, ran := before[s.ID]; ran || twice {
			return nil, fmt.Errorf("cannot order the steps: there are two called %q", s.ID)
		}
		byID[s.ID] = s
	}
	var sorted []Step
	placed := map[string]bool{}
	var place func(s Step, path []string) error
	place = func(s Step, path []string) error {
		if placed[s.ID] {
			return nil
		}
		if i := slices.Index(path, s.ID); i >= 0 {
			return fmt.Errorf("cannot order the steps: each waits for the next one: %s", strings.Join(append(path[i:], s.ID), " → "))
		}
		for _, id := range s.After {
			if _, ran := before[id]; ran {
				continue
			}
			other, known := byID[id]
			if !known {
				return fmt.Errorf("cannot order the steps: %q comes after %q, which does not exist%s", s.ID, id, nearest.Hint(id, slices.Collect(maps.Keys(byID))))
			}
			if err := place(other, append(path, s.ID)); err != nil {
				return err
			}
		}
		placed[s.ID] = true
		sorted = append(sorted, s)
		return nil
	}
	for _, s := range steps {
		if err := place(s, nil); err != nil {
			return nil, err
		}
	}
	return sorted, nil
}
