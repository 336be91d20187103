package bake

// logRules take out what was recorded while the image was built, and what is no text. The general rules for /var/log stand
// last in the catalogue, after those of all plugins.
func logRules() []Rule {
	return []Rule{
		{
			ID:     "journal",
			Title:  "journal",
			Why:    "it tells every command that the build ran, and journals under an old machine ID are never cleaned up",
			Source: "systemd-journald.service(8); journalctl(1) --relinquish-var",
			Where:  []string{"/{var,run}/log/journal/*"},
			Except: []string{"/{var,run}/log/journal/remote"}, // the service does not make it again
			Action: Delete,
			Stage:  Shutdown,
			// The folder itself stays: without it the journal would be kept in memory only.
			MadeAgain: "journald, under the new machine ID",
			Before:    [][]string{{"journalctl", "--relinquish-var"}},
		},
		{
			ID:        "journal-remote",
			Title:     "journals of other machines",
			Why:       "they tell what happened on the machines of the build's network",
			Source:    "systemd-journal-remote.service(8)",
			Where:     []string{"/{var,run}/log/journal/remote/*"},
			Action:    Delete,
			Stage:     Shutdown,
			MadeAgain: "systemd-journal-remote; its folder stays, with its owner",
		},
		{
			ID:        "login-records",
			Title:     "records of logins",
			Why:       "they name the people and addresses that built the image",
			Source:    "utmp(5); lastlog(8); faillock(8); virt-sysprep utmp",
			Where:     []string{"/var/log/{wtmp,btmp,lastlog,tallylog,faillog}", "/run/utmp"},
			Action:    Truncate,
			Stage:     Shutdown,
			MadeAgain: "login and sshd write to the empty files",
		},
		{
			ID:        "login-databases",
			Title:     "databases of logins",
			Why:       "they name the people and addresses that built the image",
			Source:    "pam_lastlog2(8); wtmpdb(8); pam_faillock(8)",
			Where:     []string{"/var/lib/lastlog/lastlog2.db*", "/var/lib/wtmpdb/wtmp.db*", "/var/lib/faillock/*"},
			Files:     true,
			Action:    Delete,
			Stage:     Shutdown,
			MadeAgain: "the PAM modules",
		},
		{
			ID:        "audit-log",
			Title:     "records of the audit daemon",
			Why:       "they tell who did what on the build machine",
			Source:    "auditd(8); auditd.conf(5)",
			Where:     []string{"/var/log/audit/audit.log"},
			Action:    Truncate, // the daemon keeps its file open; without it nothing would be recorded
			Stage:     Shutdown,
			MadeAgain: "auditd",
		},
		{
			ID:     "activity-records",
			Title:  "records of processes and load",
			Why:    "they tell what ran on the build machine; cut to nothing their writers refuse them",
			Source: "sar(1), atop(1), accton(8); virt-sysprep logfiles",
			Where: []string{
				"/var/log/{sa,sysstat}/{sa,sar}[0-9]*", "/var/log/atop/*", "/var/log/pcp/{pmlogger,pmie,pmproxy}/*/*",
			},
			Files:     true,
			Action:    Delete,
			Stage:     Shutdown,
			MadeAgain: "sysstat, atop and pcp",
		},
		{
			ID:        "process-accounting",
			Title:     "process accounting",
			Why:       "it tells every program that ran on the build machine",
			Source:    "accton(8); virt-sysprep pacct-log",
			Where:     []string{"/var/{account,log/account}/{pacct,savacct,usracct}"},
			Action:    Truncate, // the kernel goes on writing to it
			Stage:     Shutdown,
			MadeAgain: "the kernel",
		},
		{
			ID:        "process-accounting-rotated",
			Title:     "rotated process accounting",
			Why:       "it tells every program that ran on the build machine",
			Source:    "accton(8); Red Hat's and Debian's logrotate settings for it; virt-sysprep pacct-log",
			Where:     []string{"/var/{account,log/account}/{pacct,savacct,usracct}{-,.}*"},
			Files:     true,
			Action:    Delete,
			Stage:     Shutdown,
			MadeAgain: "logrotate",
		},
		{
			ID:     "installer-records",
			Title:  "records of the installation",
			Why:    "they hold the answers that the installer was given, with password hashes",
			Source: "virt-sysprep logfiles; Anaconda and Debian installer documentation; subiquity documentation",
			Where: []string{
				"/var/log/{installer,anaconda,YaST2,curtin}/*", "/var/log/anaconda.*", "/root/{anaconda-ks.cfg,anaconda-post*.log,anaconda-screenshots,initial-setup-ks.cfg,original-ks.cfg,ks.cfg,ks-post.log,install.log,install.log.syslog,upgrade.log,upgrade.log.syslog,autoinst.xml}",
				"/var/lib/{preseed,ubiquity}/*", "/var/adm/autoinstall/*/*", "/autoinst.xml",
			},
			Action:    Delete,
			MadeAgain: "nothing needs them",
			Secret:    true,
		},
		{
			ID:        "logrotate-state",
			Title:     "when logs were rotated",
			Why:       "it names the build machine's logs, and a clone rotates on its parent's calendar",
			Source:    "logrotate(8); virt-sysprep logfiles",
			Where:     []string{"/var/lib/logrotate.status", "/var/lib/logrotate/{status,logrotate.status}", "/var/lib/misc/logrotate.status"},
			Action:    Delete,
			MadeAgain: "logrotate",
		},
		{
			ID:        "named-log",
			Title:     "log of named",
			Why:       "it tells what names the build machine's network asked for",
			Source:    "virt-sysprep logfiles; Red Hat's named.conf",
			Where:     []string{"/var/named/data/named.run"},
			Action:    Truncate,
			Stage:     Shutdown,
			MadeAgain: "named",
		},
		{
			ID:        "named-log-rotated",
			Title:     "rotated logs of named",
			Why:       "they tell what names the build machine's network asked for",
			Source:    "Red Hat's logrotate settings for named",
			Where:     []string{"/var/named/data/named.run{-,.}*"},
			Files:     true,
			Action:    Delete,
			Stage:     Shutdown,
			MadeAgain: "logrotate",
		},
		{
			ID:     "logs-elsewhere",
			Title:  "logs in folders of applications",
			Why:    "they tell what happened on the machine that the image was built on",
			Source: "hier(7), /opt, /srv and /usr/local; virt-sysprep logfiles",
			Where: []string{
				"/{opt,srv,usr/local}/*/{log,logs}/*.{log,out,err}", "/{opt,srv,usr/local}/*/*/{log,logs}/*.{log,out,err}", "/{opt,srv,usr/local}/*/*/*/{log,logs}/*.{log,out,err}",
				"/var/lib/*/{log,logs}/*.log", "/var/www/*/{log,logs}/*.log", "~/{log,logs}/*.log", "~/.pm2/logs/*.log",
			},
			Except:    []string{"/var/log"}, // of a user whose home is /var
			Action:    Truncate,
			Stage:     Shutdown,
			Default:   AuditOnly, // a file with such a name may be anything
			MadeAgain: "who writes them",
		},
	}
}
