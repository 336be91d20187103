// Package cloudinit knows cloud-init.
package cloudinit

import "github.com/leaven-dev/leaven/bake"

// Plugin is cloud-init.
type Plugin struct{}

// Name is the plugin's name.
func (Plugin) Name() string { return "cloudinit" }

// Rules do what `cloud-init clean --logs` does, and keep /var/lib/cloud/scripts and seed, which the image's owner put there.
func (Plugin) Rules() []bake.Rule {
	return []bake.Rule{
		{
			ID:        "cloudinit-state",
			Title:     "cloud-init state",
			Why:       "with the instance ID of the build in its cache cloud-init takes the first boot for a later one",
			Source:    "cloud-init clean; cloud-init issues 3711 and 3227",
			Where:     []string{"/var/lib/cloud/{instance,instances,data,sem,handlers}"},
			Action:    bake.Delete,
			MadeAgain: "cloud-init, at boot",
			Secret:    true, // user data may hold secrets
		},
		{
			ID:        "cloudinit-logs",
			Title:     "cloud-init logs",
			Why:       "they repeat user data and what the scripts in it printed",
			Source:    "cloud-init clean --logs",
			Where:     []string{"/var/log/cloud-init*.log*"},
			Action:    bake.Delete,
			MadeAgain: "cloud-init, at boot",
		},
	}
}
