package bake

// accountRules take out what lets somebody in. What is not theirs to decide they report; package accounts looks further.
func accountRules() []Rule {
	return []Rule{
		{
			ID:        "root-password",
			Title:     "root's password",
			Why:       "whoever knows it, or breaks its hash, is root on every instance",
			Source:    "EC2 guide for shared Linux AMIs; shadow(5)",
			Where:     []string{"/etc/shadow"},
			Action:    Edit,
			Stage:     Shutdown,
			Held:      true, // the build may come in, or use sudo or su, with a password
			Edit:      &Lines{Match: `^root:(?:[^:!*][^:]*|[!*]+[^:!*][^:]*|):`, With: "root:*:"},
			MadeAgain: "nothing: instances are entered with keys",
		},
		{
			ID:        "password-hashes",
			Title:     "passwords of all accounts",
			Why:       "whoever knows one, or breaks its hash, can enter every instance",
			Source:    "AWS Marketplace AMI policies; shadow(5)",
			Where:     []string{"/etc/shadow"},
			Action:    Edit,
			Stage:     Shutdown,
			Held:      true,
			Default:   Off, // the profile marketplace has it on
			Edit:      &Lines{Match: `^([^:]+):(?:[^:!*][^:]*|[!*]+[^:!*][^:]*|):`, With: "$1:*:"},
			MadeAgain: "nothing: instances are entered with keys",
		},
		{
			ID:        "sshd-passwords",
			Title:     "log-in with passwords over SSH",
			Why:       "passwords can be guessed; shared images must not allow them",
			Source:    "AWS Marketplace AMI policies; sshd_config(5)",
			Where:     []string{"/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d/*.conf"},
			Action:    Edit,
			Default:   Off, // the profile marketplace has it on
			Edit:      &Lines{Match: `(?i)^([ \t]*)(PasswordAuthentication|KbdInteractiveAuthentication|ChallengeResponseAuthentication|PermitEmptyPasswords)([ \t=]+)"?yes"?`, With: "$1$2${3}no"},
			MadeAgain: "nothing: instances are entered with keys",
		},
		{
			ID:        "sshd-root-login",
			Title:     "root's log-in with a password over SSH",
			Why:       "passwords can be guessed; shared images must not allow root to use one",
			Source:    "AWS Marketplace AMI policies; sshd_config(5)",
			Where:     []string{"/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d/*.conf"},
			Action:    Edit,
			Default:   Off, // the profile marketplace has it on
			Edit:      &Lines{Match: `(?i)^([ \t]*)PermitRootLogin([ \t=]+)"?yes"?`, With: "${1}PermitRootLogin${2}prohibit-password"},
			MadeAgain: "nothing: instances are entered with keys",
		},
		{
			ID:        "sshd-passwords-default",
			Title:     "sshd's default for passwords",
			Why:       "without a line sshd takes passwords; shared images must not allow them",
			Source:    "AWS Marketplace AMI policies; sshd_config(5)",
			Where:     []string{"/etc/ssh/sshd_config.d/01-leaven.conf"},
			Action:    Reset,
			Default:   Off, // the profile marketplace has it on
			Reset:     &Content{Text: "PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\n", Mode: 0o600, Create: true},
			MadeAgain: "it is made by this rule; sshd takes the first value that it finds",
		},
		{
			ID:     "authorized-keys",
			Title:  "keys that may log in",
			Why:    "whoever has the other half can enter every instance",
			Source: "EC2 guide for shared Linux AMIs; sshd(8); sshd_config(5), AuthorizedKeysFile",
			Where:  []string{"~/.ssh/authorized_keys{,2,~,.*,-*,_*,.d/*}", "/etc/ssh/authorized_keys{,.d}/*", "/etc/dropbear/authorized_keys"},
			Named: []Reference{{
				In:    []string{"/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d/*.conf"},
				Match: `(?im)^[ \t]*AuthorizedKeysFile[ \t=]+([^#\n]+)`,
			}},
			Files:     true,
			Action:    Delete,
			Stage:     Shutdown,
			Held:      true, // the build itself comes in with one
			MadeAgain: "cloud-init, from the key pair that the instance is started with",
		},
		{
			ID:        "builder-sudo",
			Title:     "sudo rights of the user that builds",
			Why:       "they stay when the user is gone, and whoever gets the name again is root",
			Source:    "image-builder issue 1826; WALinuxAgent issue 3663; ecs-ami issue 23",
			Where:     []string{"/etc/sudoers.d/{90-cloud-init-users,*packer*,*vagrant*,waagent,*kickstart*,*kitchen*}"},
			Files:     true,
			Action:    Delete,
			Stage:     Shutdown,
			Held:      true,      // the build shuts the machine down by it
			Default:   AuditOnly, // cloud-init's file gives the default user its rights
			MadeAgain: "cloud-init, for the users that it makes",
		},
		{
			ID:        "builder-homes",
			Title:     "homes of users that only builds have",
			Why:       "a user that every build makes in the same way can be guessed",
			Source:    "virt-sysprep user-account",
			Where:     []string{"/home/{packer,vagrant,kitchen}"},
			Action:    Report,
			Default:   Off,
			MadeAgain: "nothing: userdel --remove",
		},
		{
			ID:        "passwd-backups",
			Title:     "copies of the user database",
			Why:       "they hold passwords and users that are no longer there",
			Source:    "virt-sysprep passwd-backups; shadow(5); Debian's /etc/cron.daily/dpkg",
			Where:     []string{"/etc/{passwd,shadow,group,gshadow,subuid,subgid}-", "/etc/{passwd,shadow,group,gshadow}.{bak,old,orig,org,save,rpmsave,dpkg-old,OLD}", "/var/backups/{passwd,shadow,group,gshadow}.bak*", "/etc/security/opasswd.old"},
			Files:     true,
			Action:    Delete,
			MadeAgain: "the programs that change the database",
			Secret:    true,
		},
		{
			ID:        "password-history",
			Title:     "old passwords",
			Why:       "hashes of passwords that were used before can be broken",
			Source:    "pam_unix(8) remember, pam_pwhistory(8)",
			Where:     []string{"/etc/security/opasswd"},
			Action:    Truncate,
			MadeAgain: "the PAM modules write to the empty file",
		},
		{
			ID:        "sudo-state",
			Title:     "time stamps of sudo",
			Why:       "they tell who used sudo, and let them do it again without a password",
			Source:    "sudoers_timestamp(5)",
			Where:     []string{"/{var/lib,var/db,run}/sudo/**", "~/.sudo_as_admin_successful"},
			Files:     true,
			Action:    Delete,
			Stage:     Shutdown, // the build itself may use sudo
			MadeAgain: "sudo",
		},
		{
			ID:        "pam-state",
			Title:     "state of PAM modules",
			Why:       "it tells who failed to log in, or who sat at the console",
			Source:    "virt-sysprep pam-data; pam_faillock(8)",
			Where:     []string{"/run/{console,faillock,sepermit}/*"},
			Action:    Delete,
			MadeAgain: "the PAM modules",
		},
	}
}
