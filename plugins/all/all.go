// Package all is the list of plugins.
package all

import (
	"github.com/leaven-dev/leaven/bake"
	"github.com/leaven-dev/leaven/firstboot"
	"github.com/leaven-dev/leaven/plugins"
	"github.com/leaven-dev/leaven/plugins/amazon"
	"github.com/leaven-dev/leaven/plugins/azure"
	"github.com/leaven-dev/leaven/plugins/cfengine"
	"github.com/leaven-dev/leaven/plugins/ci"
	"github.com/leaven-dev/leaven/plugins/cloudinit"
	"github.com/leaven-dev/leaven/plugins/cluster"
	"github.com/leaven-dev/leaven/plugins/configmanagement"
	"github.com/leaven-dev/leaven/plugins/databases"
	"github.com/leaven-dev/leaven/plugins/docker"
	"github.com/leaven-dev/leaven/plugins/google"
	"github.com/leaven-dev/leaven/plugins/hashicorp"
	"github.com/leaven-dev/leaven/plugins/kubernetes"
	"github.com/leaven-dev/leaven/plugins/monitoring"
	"github.com/leaven-dev/leaven/plugins/rabbitmq"
	"github.com/leaven-dev/leaven/plugins/redhat"
	"github.com/leaven-dev/leaven/plugins/security"
	"github.com/leaven-dev/leaven/plugins/suse"
	"github.com/leaven-dev/leaven/plugins/ubuntu"
	"github.com/leaven-dev/leaven/plugins/vpn"
)

// Plugins lists them by name.
func Plugins() []plugins.Plugin {
	return []plugins.Plugin{
		amazon.Plugin{},
		azure.Plugin{},
		cfengine.Plugin{},
		ci.Plugin{},
		cloudinit.Plugin{},
		cluster.Plugin{},
		configmanagement.Plugin{},
		databases.Plugin{},
		docker.Plugin{},
		google.Plugin{},
		hashicorp.Plugin{},
		kubernetes.Plugin{},
		monitoring.Plugin{},
		rabbitmq.Plugin{},
		redhat.Plugin{},
		security.Plugin{},
		suse.Plugin{},
		ubuntu.Plugin{},
		vpn.Plugin{},
	}
}

// Rules are the rules of all plugins and of bake, in the order in which they apply.
func Rules() []bake.Rule {
	var rules []bake.Rule
	for _, p := range Plugins() {
		for _, r := range p.Rules() {
			r.Group = p.Name()
			rules = append(rules, r)
		}
	}
	return bake.Builtin(rules)
}

// Parts are what the plugins add to first boot, with nothing read into their sections yet.
func Parts() []firstboot.Part {
	var parts []firstboot.Part
	for _, p := range Plugins() {
		if b, ok := p.(plugins.Booter); ok {
			parts = append(parts, b.FirstBoot())
		}
	}
	return parts
}
