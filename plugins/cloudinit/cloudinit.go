// Package cloudinit knows cloud-init.
package cloudinit

import "github.com/leaven-dev/leaven/bake"

// Plugin is cloud-init.
type Plugin struct{}

// Name is the plugin's name.
func (Plugin) Name() string { return "cloudinit" }

// Rules do what `cloud-init clean --logs` does, and keep /var/lib/cloud/scripts and seed, which the image's owner put there.
// What `cloud-init clean --configs` and `--seed` take is off: without it an instance may have no network or no data source.
func (Plugin) Rules() []bake.Rule {
	return []bake.Rule{
		{
			ID:        "cloudinit-state",
			Title:     "cloud-init state",
			Why:       "with the instance ID of the build in its cache cloud-init takes the first boot for a later one",
			Source:    "cloud-init clean; cloud-init issues 3711 and 3227; packer issue 2639",
			Where:     []string{"/var/lib/cloud/{instance,instances,data,sem}", "/var/lib/cloud/{.instance-id,.run-dir}*"},
			Action:    bake.Delete,
			MadeAgain: "cloud-init, at boot",
			// Before its end cloud-init would write all of it again.
			Before:  [][]string{{"sh", "-c", "command -v cloud-init >/dev/null && cloud-init status --wait >/dev/null 2>&1; true"}},
			Scripts: []string{"/etc/cloud/clean.d/*"},
			Secret:  true, // user data may hold secrets
		},
		{
			ID:        "cloudinit-installer",
			Title:     "what the installer left for cloud-init",
			Why:       "it is the installer's user data, with the hash of the first user's password",
			Source:    "subiquity documentation, autoinstall",
			Where:     []string{"/etc/cloud/cloud.cfg.d/99-installer.cfg", "/etc/cloud/cloud.cfg.d/*curtin*.cfg"},
			Holds:     `(?m)^[ \t]*("?userdata_raw"?|passwd|hashed_passwd|ssh_authorized_keys):`,
			Action:    bake.Delete,
			Default:   bake.AuditOnly, // it also says that there is no data source
			MadeAgain: "nothing needs it in an image",
			Secret:    true,
		},
		{
			ID:        "cloudinit-seed",
			Title:     "data that cloud-init was given in the image",
			Why:       "every instance is set up with it; it may be what the image is for",
			Source:    "cloud-init clean --seed",
			Where:     []string{"/var/lib/cloud/seed/*"},
			Action:    bake.Delete,
			Default:   bake.Off,
			MadeAgain: "nothing",
			Secret:    true,
		},
		{
			ID:     "cloudinit-network",
			Title:  "network settings that cloud-init wrote",
			Why:    "they name the build machine's interfaces",
			Source: "cloud-init clean --configs network",
			Where: []string{
				"/etc/netplan/50-cloud-init.yaml", "/etc/NetworkManager/conf.d/{99-cloud-init,30-cloud-init-ip6-addr-gen-mode}.conf",
				"/etc/NetworkManager/system-connections/cloud-init-*.nmconnection", "/etc/systemd/network/10-cloud-init-*.network", "/etc/network/interfaces.d/50-cloud-init{,.cfg}",
			},
			Files:     true,
			Action:    bake.Delete,
			Default:   bake.Off, // without cloud-init an instance would have no network
			MadeAgain: "cloud-init, for each new instance",
		},
		{
			ID:        "cloudinit-sshd",
			Title:     "sshd settings that cloud-init wrote",
			Why:       "they may allow passwords, as the build asked for",
			Source:    "cloud-init clean --configs ssh_config",
			Where:     []string{"/etc/ssh/sshd_config.d/50-cloud-init.conf"},
			Action:    bake.Delete,
			Default:   bake.Off,
			MadeAgain: "cloud-init, for each new instance",
		},
		{
			ID:        "cloudinit-fstab",
			Title:     "lines in fstab that cloud-init wrote",
			Why:       "they name the build machine's disks",
			Source:    "cloud-init clean --configs fstab",
			Where:     []string{"/etc/fstab"},
			Action:    bake.Edit,
			Default:   bake.Off,
			Edit:      &bake.Lines{Match: `[,\s]comment=cloudconfig\b`, Drop: true},
			MadeAgain: "cloud-init, for each new instance",
		},
	}
}
