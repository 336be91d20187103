package settings

import (
	"fmt"
	"slices"
	"strings"

	"github.com/leaven-dev/leaven/internal/nearest"
)

// Known is what settings may name.
type Known struct {
	Profiles []string
	Rules    []string // ids of the catalogue
	Checks   []string // ids of the audit's checks
}

// Switch is what a rule can be set to.
type Switch string

// The positions of a switch.
const (
	On    Switch = "on"
	Off   Switch = "off"
	Audit Switch = "audit" // report it, and leave it alone
)

// Profile says what is wrong with a profile's name.
func (k Known) Profile(name string) error {
	if !slices.Contains(k.Profiles, name) {
		return fmt.Errorf("there is no profile %q: take one of %s", name, strings.Join(k.Profiles, ", "))
	}
	return nil
}

// ID says what is wrong with the id of a rule or check.
func (k Known) ID(id string) error {
	if !k.has(id) {
		return fmt.Errorf("there is no rule %q%s", id, nearest.Hint(id, slices.Concat(k.Rules, k.Checks)))
	}
	return nil
}

// Switch says what is wrong with setting a rule or check, whose id is known, to a position.
func (k Known) Switch(id string, to Switch) error {
	switch {
	case !slices.Contains(k.Rules, id) && to != Off:
		return fmt.Errorf("%s is a check of the audit: it can only be set to off", id)
	case !slices.Contains([]Switch{On, Off, Audit}, to):
		return fmt.Errorf("a rule can be set to on, off or audit, not to %q", to)
	}
	return nil
}

func (k Known) has(id string) bool {
	return slices.Contains(k.Rules, id) || slices.Contains(k.Checks, id)
}
