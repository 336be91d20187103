package bake

// remainingLogRules take what no rule before them took.
func remainingLogRules() []Rule {
	readme := []string{"/var/log/**/README*", "/var/log/README*"}
	return []Rule{
		{
			ID:     "logs-rotated",
			Title:  "rotated and compressed logs",
			Why:    "nothing writes to them any more, and they tell what the live ones told",
			Source: "logrotate(8), savelog(8), multilog(8); virt-sysprep logfiles",
			Where: []string{
				"/var/log/**/*.{gz,xz,bz2,zst,lz4,lzma,lzo,Z,zip,tgz,txz,7z,O,old,bak,save,orig,prev,offset}", "/var/log/**/*~",
				"/var/log/**/*[^0-9].[0-9]", "/var/log/**/*[^0-9].[0-9][0-9]", "/var/log/**/*.[0-9][0-9][0-9]", // python3.11 has not been rotated
				"/var/log/**/*[._\\-]{" + date + "," + dashed + "}{,[._T\\-]*}", "/var/log/**/*.log{-,.,_}[0-9]*",
				"/var/log/**/@4[0-9a-f]*.[us]", "/var/log/**/*.backup", "/var/log/old/**", "/var/log/*/old/**", "/var/log/{archive,archives}/**",
			},
			Except:    readme,
			Files:     true,
			Unowned:   true,
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
			Except:    readme,
			Unowned:   true,
			Action:    Truncate, // a daemon that has its log open goes on writing; owner, mode and label stay
			Stage:     Shutdown,
			MadeAgain: "who writes them",
		},
		{
			ID:     "tmp",
			Title:  "temporary files",
			Why:    "they hold what builds leave: scripts, archives, tokens that are out of date",
			Source: "hier(7); eks-ami issue 1080; virt-sysprep tmp-files",
			Where:  []string{"/tmp", "/var/tmp", "/usr/tmp"},
			// Programs that still run have these open: services with a /tmp of their own, X, terminals, agents, snaps.
			Busy: []string{
				"/{var/,}tmp/systemd-private-*", "/tmp/.{X11,ICE,font,XIM,Test}-unix", "/tmp/.X*-lock", "/tmp/{tmux,ssh,dbus,snap,snap-private-tmp}-*", "/tmp/snap-private-tmp",
			},
			Action:    Empty,
			Stage:     Shutdown,
			MadeAgain: "nothing needs them",
		},
	}
}

const (
	date   = "[12][09][0-9][0-9][01][0-9][0-3][0-9]"   // 20240131
	dashed = "[12][09][0-9][0-9]-[01][0-9]-[0-3][0-9]" // 2024-01-31
)
