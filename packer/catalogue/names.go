// Package catalogue knows by name what the agent can be told: profiles, rules, checks of the audit. With it a template's
// settings are checked before the build, on systems that could not run the agent.
//
// What a rule does is for the agent to know. Rules of vendors lie in the image, so they are not here.
package catalogue

import (
	_ "embed"
	"strings"

	"github.com/leaven-dev/leaven/bake/settings"
)

//go:generate sh -c "go run ../../cmd/leaven rules --output names > names.txt"

//go:embed names.txt
var names string

// Known is what settings may name.
func Known() settings.Known {
	var known settings.Known
	kinds := map[string]*[]string{"profile": &known.Profiles, "rule": &known.Rules, "check": &known.Checks}
	for line := range strings.Lines(names) {
		kind, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		*kinds[kind] = append(*kinds[kind], name)
	}
	return known
}
