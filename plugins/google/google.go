// Package google knows Google Cloud's guest agent, for images that were brought over from there.
package google

import "github.com/leaven-dev/leaven/bake"

// Plugin is Google's guest agent.
type Plugin struct{}

// Name is the plugin's name.
func (Plugin) Name() string { return "google" }

// Rules take out the instance's identity; the packages' settings stay.
func (Plugin) Rules() []bake.Rule {
	return []bake.Rule{
		{
			ID:        "google-agent",
			Title:     "identity of a Google Cloud instance",
			Why:       "with the old ID the agent takes the first boot for a later one and keeps the old host keys",
			Source:    "Google guest agent, instance setup",
			Where:     []string{"/etc/google_instance_id", "/var/lib/google/google_users"},
			Action:    bake.Delete,
			MadeAgain: "the agent, when it starts",
		},
	}
}
