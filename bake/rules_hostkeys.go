package bake

// hostKeyRules take out the keys by which a machine proves over SSH who it is.
func hostKeyRules() []Rule {
	return []Rule{
		{
			ID:        "ssh-host-keys",
			Title:     "SSH host keys and certificates",
			Why:       "instances that share a host key can pose as one another, and whoever has the image can pose as all of them",
			Source:    "EC2 guide for shared Linux AMIs; sshd(8); virt-sysprep ssh-hostkeys",
			Where:     []string{"/etc/ssh/ssh_host_*", "/etc/ssh/*_host_{rsa,dsa,ecdsa,ed25519}_key{,.pub,-cert.pub}"},
			Files:     true,
			Action:    Delete,
			Stage:     Shutdown,
			Held:      true, // without one sshd turns the build away when it has to connect again
			MadeAgain: "by Leaven's identity unit before sshd starts, or by the distribution's own generator",
			Makers:    hostKeyMakers(),
			Secret:    true,
		},
		{
			ID:     "ssh-host-keys-elsewhere",
			Title:  "SSH host keys in other places",
			Why:    "sshd serves them to every instance, and no generator writes to the place",
			Source: "sshd_config(5), HostKey; dropbear-initramfs(8); tinysshd(8)",
			Where:  []string{"/etc/dropbear{/initramfs,-initramfs}/dropbear_*_host_key", "/etc/tinyssh/sshkeydir/.ed25519.sk"},
			Named: []Reference{{
				In:    []string{"/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d/*.conf"},
				Match: `(?im)^[ \t]*Host(?:Key|Certificate)[ \t=]+(\S+)`,
			}},
			Except:    []string{"/etc/ssh/ssh_host_*"},
			Action:    Report,
			MadeAgain: "nothing: leave the HostKey line out, or make the key at first boot, with the initramfs where the key is in it",
		},
		{
			ID:        "dropbear-host-keys",
			Title:     "host keys of dropbear",
			Why:       "instances that share a host key can pose as one another",
			Source:    "dropbear(8), -R",
			Where:     []string{"/etc/dropbear/dropbear_*_host_key"},
			Files:     true,
			Action:    Delete,
			Stage:     Shutdown,
			Held:      true,
			MadeAgain: "dropbear -R, at the first connection",
			Makers: []Maker{
				{Name: "dropbear -R", Where: "/{etc/default,etc/conf.d,etc/sysconfig}/dropbear", Holds: `(?m)^[^#\n]*-\w*R`},
				{Name: "dropbear -R", Where: "/{etc,usr/lib,lib}/systemd/system/dropbear*.service", Holds: `(?m)^Exec[^\n]*[ \t]-\w*R|dropbearkey`},
			},
			Secret: true,
		},
	}
}

// hostKeyMakers is what distributions and people have to make SSH host keys at boot.
func hostKeyMakers() []Maker {
	const generates = `(?m)^[^#\n]*(ssh-keygen[^\n]*-A|dpkg-reconfigure[^\n]*openssh-server|sshd-keygen|ssh-keygen[^\n]*ssh_host_)`
	return []Maker{
		{Name: "leaven-identity.service", Where: "/etc/systemd/system/*.wants/leaven-identity.service"},
		{Name: "cloud-init", Where: "/{usr/lib,lib}/systemd/system-generators/cloud-init-generator", Unless: "/etc/cloud/cloud-init.disabled"},
		{Name: "cloud-init", Where: "/{usr/lib,lib}/systemd/system/cloud-init{,-local,-main}.service", Unless: "/etc/cloud/cloud-init.disabled"},
		{Name: "sshd-keygen", Where: "/{usr/lib,lib}/systemd/system/{sshd-keygen{@,},sshdgenkeys}.service"},
		{Name: "sshd-gen-keys-start", Where: "/{usr/sbin,usr/lib/ssh,usr/lib/openssh}/sshd-gen-keys-start"},
		{Name: "a unit that runs ssh-keygen", Where: "/etc/systemd/system/**", Holds: generates},
		{Name: "a unit that runs ssh-keygen", Where: "/{usr/lib,lib,usr/local/lib}/systemd/system/{ssh,*host*key}*.service", Holds: generates},
		{Name: "an init script that runs ssh-keygen", Where: "/etc/{init.d,rc.d/init.d}/*ssh*", Holds: generates},
		{Name: "rc.local", Where: "/etc/{rc.local,rc.d/rc.local}", Holds: generates},
	}
}
