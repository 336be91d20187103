package bake

// identityRules take out what makes a machine itself: every clone must get these anew.
func identityRules() []Rule {
	return []Rule{
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
			ID:        "kernel-entry-token",
			Title:     "boot entries named after the machine ID",
			Why:       "kernels that are installed under the new ID get entries of another name, and the boot menu may go on choosing the old one",
			Source:    "kernel-install(8), /etc/kernel/entry-token; Boot Loader Specification",
			Where:     []string{"/{boot,efi,boot/efi}/loader/entries/" + hex32 + "-*.conf"},
			Unless:    []string{"/etc/kernel/entry-token"},
			Action:    Report,
			Default:   AuditOnly,
			MadeAgain: "kernel-install names entries after /etc/kernel/entry-token where there is one",
		},
		{
			ID:        "random-seed",
			Title:     "saved random seeds",
			Why:       "clones that start from the same seed have less randomness than they think",
			Source:    "systemd-random-seed.service(8); systemd-boot(7); RAND_load_file(3)",
			Where:     []string{"/var/lib/systemd/random-seed", "/{boot,efi,boot/efi}/loader/random-seed", "/var/lib/{urandom,misc}/random-seed", "/var/lib/random-seed", "/var/lib/seedrng/*", "~/.rnd"},
			Action:    Delete,
			Stage:     Shutdown, // systemd-random-seed.service saves it when it stops
			MadeAgain: "systemd, at every shutdown and boot",
			Secret:    true,
		},
		{
			ID:        "pollinate-seeded",
			Title:     "pollinate's mark that the random pool was seeded",
			Why:       "with it a new instance does not fetch randomness at its first boot",
			Source:    "pollinate(1)",
			Where:     []string{"/var/{cache,lib}/pollinate/{seeded,log}"},
			Action:    Delete,
			MadeAgain: "pollinate, at first boot",
		},
		{
			ID:        "credential-secret",
			Title:     "host key of systemd credentials",
			Why:       "whoever has the image can read what any clone encrypts with it",
			Source:    "systemd-creds(1); systemd docs/BUILDING_IMAGES.md",
			Where:     []string{"/var/lib/systemd/credential.secret"},
			Unless:    credentialsAtRest(),
			Action:    Delete,
			MadeAgain: "systemd-creds, when it is first needed",
			Secret:    true,
		},
		{
			ID:        "tpm-key",
			Title:     "public key of the build machine's TPM",
			Why:       "systemd refuses a TPM with another key, so a clone has none that it could use",
			Source:    "systemd-tpm2-setup.service(8)",
			Where:     []string{"/var/lib/systemd/tpm2-srk-public-key.*"},
			Files:     true,
			Action:    Delete,
			MadeAgain: "systemd-tpm2-setup.service, at boot",
		},
		{
			ID:        "credentials-at-rest",
			Title:     "encrypted systemd credentials",
			Why:       "the key that they are bound to lies beside them, in every clone",
			Source:    "systemd-creds(1)",
			Where:     credentialsAtRest(),
			When:      []string{"/var/lib/systemd/credential.secret"},
			Action:    Report,
			Default:   AuditOnly,
			MadeAgain: "systemd-creds encrypt, on the instance",
		},
		{
			ID:        "hostname",
			Title:     "host name",
			Why:       "every clone would call itself what the build machine was called",
			Source:    "hostname(5); cluster-api image-builder sysprep",
			Where:     []string{"/etc/{hostname,HOSTNAME}"},
			Action:    Truncate,
			MadeAgain: "cloud-init or DHCP; systemd takes an empty file for none",
		},
		{
			ID:        "hostname-settings",
			Title:     "host names in network settings",
			Why:       "every clone would ask DHCP for the build machine's name",
			Source:    "virt-sysprep net-hostname; nm-settings-ifcfg-rh(5)",
			Where:     []string{"/etc/sysconfig/network", "/etc/sysconfig/network-scripts/ifcfg-*", "/etc/sysconfig/network/ifcfg-*"},
			Except:    []string{"/etc/sysconfig/network{,-scripts}/ifcfg-{lo,*.bak,*.old,*.rpmsave,*.template}"},
			Action:    Edit,
			Edit:      &Lines{Match: `^[ \t]*(DHCP_)?HOSTNAME=`, Drop: true},
			MadeAgain: "nothing needs them",
		},
		{
			ID:        "hosts-entry",
			Title:     "the build machine's name in /etc/hosts",
			Why:       "it points to the machine itself under a name that no clone has",
			Source:    "Debian reference, 5.1.1; hosts(5)",
			Where:     []string{"/etc/hosts"},
			Action:    Edit,
			Default:   AuditOnly,
			Edit:      &Lines{Match: `^127\.0\.1\.1[ \t]`, Drop: true},
			MadeAgain: "cloud-init's manage_etc_hosts, or nss-myhostname",
		},
		{
			ID:        "machine-info",
			Title:     "description of the machine",
			Why:       "it describes the machine that the image was built on",
			Source:    "machine-info(5); systemd docs/BUILDING_IMAGES.md",
			Where:     []string{"/etc/machine-info"},
			Action:    Delete,
			MadeAgain: "hostnamectl; nothing needs it",
		},
		{
			ID:        "hardware-profile",
			Title:     "identifiers of hardware surveys",
			Why:       "clones that share one are counted as one machine",
			Source:    "virt-sysprep smolt-uuid; popularity-contest(8)",
			Where:     []string{"/etc/sysconfig/hw-uuid", "/etc/smolt/{uuid,hw-uuid}", "/var/lib/whoopsie/whoopsie-id"},
			Action:    Delete,
			MadeAgain: "the survey, when it runs",
		},
		{
			ID:        "popularity-contest",
			Title:     "identifier of popularity-contest",
			Why:       "clones that share one are counted as one machine",
			Source:    "popularity-contest(8), MY_HOSTID",
			Where:     []string{"/etc/popularity-contest.conf"},
			Action:    Edit,
			Edit:      &Lines{Match: `^[ \t]*MY_HOSTID=`, Drop: true},
			MadeAgain: "dpkg-reconfigure popularity-contest; without it nothing is sent",
		},
		{
			ID:        "leaven-state",
			Title:     "Leaven's own state",
			Why:       "a clone would find the steps of another instance's first boot, and the build's baseline",
			Source:    "leaven-firstboot(8)",
			Where:     []string{"/var/lib/leaven/*", "/etc/modprobe.d/leaven-nfs.conf"},
			Except:    []string{"/var/lib/leaven/seal.json"},
			Action:    Delete,
			MadeAgain: "Leaven, at first boot",
		},
	}
}

// hex32 matches 32 characters that may be a machine ID.
const hex32 = "[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]" +
	"[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]" +
	"[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]" +
	"[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]"

func credentialsAtRest() []string {
	return []string{"/{etc,usr/lib}/credstore.encrypted/*", "/etc/**/*.cred", "/var/lib/systemd/**/*.cred"}
}
