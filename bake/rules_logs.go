package bake

// logRules take out what was recorded while the image was built. The general rule for /var/log stands last in the catalogue,
// after those of all plugins.
func logRules() []Rule {
	return []Rule{
		{
			ID:     "journal",
			Title:  "journal",
			Why:    "it tells every command that the build ran, and journals under an old machine ID are never cleaned up",
			Source: "systemd-journald.service(8); journalctl(1) --relinquish-var",
			Where:  []string{"/var/log/journal/*"},
			Action: Delete,
			Stage:  Shutdown,
			// The folder itself stays: without it the journal would be kept in memory only.
			MadeAgain: "journald, under the new machine ID",
			Before:    [][]string{{"journalctl", "--relinquish-var"}},
		},
		{
			ID:        "login-records",
			Title:     "records of logins",
			Why:       "they name the people and addresses that built the image",
			Source:    "utmp(5); lastlog(8); faillock(8)",
			Where:     []string{"/var/log/{wtmp,btmp,lastlog,tallylog,faillog}"},
			Action:    Truncate,
			Stage:     Shutdown,
			MadeAgain: "login and sshd write to the empty files",
		},
		{
			ID:        "login-databases",
			Title:     "databases of logins",
			Why:       "they name the people and addresses that built the image",
			Source:    "pam_lastlog2(8); wtmpdb(8); pam_faillock(8)",
			Where:     []string{"/var/lib/lastlog/lastlog2.db", "/var/lib/wtmpdb/wtmp.db", "/var/lib/faillock/*"},
			Action:    Delete,
			Stage:     Shutdown,
			MadeAgain: "the PAM modules",
		},
	}
}

// remainingLogRules take what no rule before them took.
func remainingLogRules() []Rule {
	return []Rule{
		{
			ID:     "logs-rotated",
			Title:  "rotated and compressed logs",
			Why:    "nothing writes to them any more, and they tell what the live ones told",
			Source: "logrotate(8); virt-sysprep logfiles",
			Where: []string{
				"/var/log/**/*.{gz,xz,bz2,zst,lz4,old,bak}",
				"/var/log/**/*.[0-9]", "/var/log/**/*.[0-9][0-9]",
				"/var/log/**/*.{log,gz}-*",
				"/var/log/**/*-[12][09][0-9][0-9][01][0-9][0-3][0-9]",
			},
			Action:    Delete,
			Stage:     Shutdown,
			MadeAgain: "logrotate",
		},
		{
			ID:        "logs",
			Title:     "logs",
			Why:       "they tell what happened on the machine that the image was built on",
			Source:    "hier(7); virt-sysprep logfiles",
			Where:     []string{"/var/log/**"},
			Action:    Truncate, // a daemon that has its log open goes on writing; owner, mode and label stay
			Stage:     Shutdown,
			MadeAgain: "who writes them",
		},
		{
			ID:        "tmp",
			Title:     "temporary files",
			Why:       "they hold what builds leave: scripts, archives, tokens that are out of date",
			Source:    "hier(7); eks-ami issue 1080",
			Where:     []string{"/tmp", "/var/tmp"},
			Action:    Empty,
			Stage:     Shutdown,
			MadeAgain: "nothing needs them",
		},
	}
}
