package bake

// identityRules take out what makes a machine itself: every clone must get these anew.
func identityRules() []Rule {
	return []Rule{
		{
			ID:        "ssh-host-keys",
			Title:     "SSH host keys and certificates",
			Why:       "instances that share a host key can pose as one another, and whoever has the image can pose as all of them",
			Source:    "EC2 guide for shared Linux AMIs; sshd(8); virt-sysprep ssh-hostkeys",
			Where:     []string{"/etc/ssh/ssh_host_*", "/etc/ssh/*_host_{rsa,dsa,ecdsa,ed25519}_key{,.pub}"},
			Action:    Delete,
			MadeAgain: "by Leaven's identity unit before sshd starts, or by the distribution's own generator",
			Makers: []Maker{
				{Name: "leaven-identity.service", Where: "/etc/systemd/system/*.wants/leaven-identity.service"},
				{Name: "cloud-init", Where: "/{usr/lib,lib}/systemd/system-generators/cloud-init-generator", Unless: "/etc/cloud/cloud-init.disabled"},
				{Name: "sshd-keygen", Where: "/{usr/lib,lib}/systemd/system/sshd-keygen{@,}.service"},
				{Name: "regenerate_ssh_host_keys.service", Where: "/etc/systemd/system/*.wants/regenerate_ssh_host_keys.service"},
			},
			Secret: true,
		},
		{
			ID:        "machine-id",
			Title:     "machine ID",
			Why:       "clones that share it get the same DHCP address, the same journal and the same derived identifiers",
			Source:    "machine-id(5); systemd docs/BUILDING_IMAGES.md; systemd issues 8268 and 5562",
			Where:     []string{"/etc/machine-id"},
			Action:    Reset,
			Reset:     &Content{Text: "", Mode: 0o444, Create: true},
			MadeAgain: "systemd, at boot, from the empty file; a file that says \"uninitialized\" would make systemd apply all presets again",
		},
		{
			ID:        "dbus-machine-id",
			Title:     "D-Bus machine ID",
			Why:       "an empty machine ID is filled from this copy, so the old identity would come back",
			Source:    "machine-id(5); bento issue 1471",
			Where:     []string{"/var/lib/dbus/machine-id"},
			Action:    Reset,
			Reset:     &Content{Text: "", LinkTo: "/etc/machine-id"},
			MadeAgain: "a link to /etc/machine-id",
		},
		{
			ID:        "random-seed",
			Title:     "saved random seeds",
			Why:       "clones that start from the same seed have less randomness than they think",
			Source:    "systemd-random-seed.service(8); systemd-boot(7)",
			Where:     []string{"/var/lib/systemd/random-seed", "/{boot,efi,boot/efi}/loader/random-seed", "/var/lib/{urandom,misc}/random-seed"},
			Action:    Delete,
			Stage:     Shutdown, // systemd-random-seed.service saves it when it stops
			MadeAgain: "systemd, at every shutdown and boot",
			Secret:    true,
		},
		{
			ID:        "dhcp-leases",
			Title:     "DHCP leases and client identifiers",
			Why:       "a clone would ask for its parent's address",
			Source:    "virt-sysprep dhcp-client-state; dhclient(8); RFC 4361",
			Where:     []string{"/var/lib/{dhclient,dhcp,dhcpcd,wicked}/*", "/var/lib/NetworkManager/*.lease", "/var/lib/systemd/network/*"},
			Action:    Delete,
			Stage:     Shutdown, // the client writes its lease as long as it runs
			MadeAgain: "the DHCP client",
		},
	}
}
