// Package all is the list of plugins.
package all

import (
	"github.com/leaven-dev/leaven/bake"
	"github.com/leaven-dev/leaven/plugins"
	"github.com/leaven-dev/leaven/plugins/cfengine"
	"github.com/leaven-dev/leaven/plugins/cloudinit"
)

// Plugins lists them by name.
func Plugins() []plugins.Plugin {
	return []plugins.Plugin{
		cfengine.Plugin{},
		cloudinit.Plugin{},
	}
}

// Rules are the rules of all plugins and of bake, in the order in which they apply.
func Rules() []bake.Rule {
	var rules []bake.Rule
	for _, p := range Plugins() {
		rules = append(rules, p.Rules()...)
	}
	return bake.Builtin(rules)
}
