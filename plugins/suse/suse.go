// Package suse knows SUSE's registration.
package suse

import "github.com/leaven-dev/leaven/bake"

// Plugin is SUSE's registration.
type Plugin struct{}

// Name is the plugin's name.
func (Plugin) Name() string { return "suse" }

// Rules do what `SUSEConnect --cleanup` and `registercloudguest --clean` do.
func (Plugin) Rules() []bake.Rule {
	return []bake.Rule{
		{
			ID:        "suse-registration",
			Title:     "registration with SUSE Customer Center",
			Why:       "clones are one system, with its password",
			Source:    "SUSEConnect(8), --cleanup; registercloudguest(1), --clean",
			Where:     []string{"/etc/zypp/credentials.d/*", "/etc/SUSEConnect", "/etc/zypp/services.d/*.service", "/var/cache/{cloudregister,SuseRMT}/*", "/var/lib/cloudregister/*", "/var/lib/suseconnect/*"},
			Files:     true,
			Action:    bake.Delete,
			MadeAgain: "guestregister.service or SUSEConnect --regcode",
			Secret:    true,
		},
		{
			ID:        "zypp-id",
			Title:     "zypper's identifier",
			Why:       "mirrors count clones as one system",
			Source:    "zypp.conf(5); kiwi's and SUSE's image descriptions",
			Where:     []string{"/var/lib/zypp/AnonymousUniqueId"},
			Action:    bake.Delete,
			MadeAgain: "zypper",
		},
		{
			ID:        "snapper-leftovers",
			Title:     "snapshots of snapper",
			Why:       "what was taken out of the image is still in them",
			Source:    "snapper(8)",
			Where:     []string{"/.snapshots/[0-9]*"},
			Action:    bake.Report,
			Default:   bake.AuditOnly,
			MadeAgain: "nothing: snapper delete, on the running system",
		},
	}
}
