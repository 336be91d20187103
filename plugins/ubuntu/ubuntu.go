// Package ubuntu knows Canonical's services: Ubuntu Pro, Landscape and snapd.
package ubuntu

import "github.com/leaven-dev/leaven/bake"

// Plugin is Canonical's services.
type Plugin struct{}

// Name is the plugin's name.
func (Plugin) Name() string { return "ubuntu" }

// Rules take out registrations.
func (Plugin) Rules() []bake.Rule {
	return []bake.Rule{
		{
			ID:        "ubuntu-pro",
			Title:     "token of Ubuntu Pro",
			Why:       "clones use the build machine's subscription",
			Source:    "pro(1), detach; Ubuntu Pro client documentation, golden images",
			Where:     []string{"/var/lib/ubuntu-{advantage,pro}/{machine-token.json,machine-id,machine-access-*.json,private/*,jobs-status.json,notices/*,apparmor.cache,marker-*}", "/etc/apt/auth.conf.d/90ubuntu-{advantage,pro}"},
			Files:     true,
			Action:    bake.Delete,
			MadeAgain: "ubuntu-advantage.service on Ubuntu Pro images, or pro attach",
			Secret:    true,
		},
		{
			ID:        "landscape-client",
			Title:     "registration with Landscape",
			Why:       "clones are one computer to the server",
			Source:    "Landscape documentation, registered clones",
			Where:     []string{"/var/lib/landscape/client/*"},
			Action:    bake.Delete,
			MadeAgain: "landscape-config",
			Before:    [][]string{{"systemctl", "stop", "landscape-client*.service"}},
			Secret:    true,
		},
		{
			ID:        "snap-login",
			Title:     "log-in to the snap store",
			Why:       "whoever starts the image is logged in as whoever built it",
			Source:    "snap(8), login",
			Where:     []string{"~/.snap/auth.json", "~/.config/snapcraft/*"},
			Files:     true,
			Action:    bake.Delete,
			MadeAgain: "snap login",
			Secret:    true,
		},
		{
			ID:        "snapd-device",
			Title:     "serial of the snap device",
			Why:       "clones are one device to the store; it cannot be taken out without the state of the installed snaps",
			Source:    "snapd documentation, device identity; Ubuntu's image build scripts",
			Where:     []string{"/var/lib/snapd/device/private-keys-v1/*", "/var/lib/snapd/assertions/asserts-v0/serial/*"},
			Action:    bake.Report,
			Default:   bake.AuditOnly,
			MadeAgain: "snapd, when the image was prepared unseeded (snap prepare-image --classic)",
		},
	}
}
