package bake

// systemRules take out state of the system's own programs.
func systemRules() []Rule {
	return []Rule{
		{
			ID:        "timer-stamps",
			Title:     "when timers ran last",
			Why:       "a clone that starts weeks later runs all of them at once, at its first boot",
			Source:    "systemd.timer(5), Persistent=",
			Where:     []string{"/var/lib/systemd/timers/stamp-*", "/var/spool/anacron/cron.*", "/var/spool/cron/lastrun/*", "/var/lib/apt/periodic/*"},
			Files:     true,
			Action:    Delete,
			Stage:     Shutdown,
			MadeAgain: "systemd, which takes the first boot for the last run",
		},
		{
			ID:        "hardware-state",
			Title:     "settings of the build machine's hardware",
			Why:       "they are for devices that a clone does not have",
			Source:    "systemd-backlight@.service(8), systemd-rfkill.service(8), alsactl(1)",
			Where:     []string{"/var/lib/systemd/{backlight,rfkill}/*", "/var/lib/alsa/asound.state", "/var/lib/{upower,colord,bluetooth,iwd,ModemManager}/*"},
			Action:    Delete,
			Stage:     Shutdown, // saved when the system stops
			MadeAgain: "the services that save them",
			Secret:    true, // bluetooth and iwd keep keys
		},
		{
			ID:        "homed-keys",
			Title:     "key pair that signs home directories",
			Why:       "whoever has the image can sign user records for every clone",
			Source:    "systemd-homed.service(8); systemd docs/HOME_DIRECTORY.md",
			Where:     []string{"/var/lib/systemd/home/local.{private,public}"},
			Unless:    []string{"/home/*.{homedir,home}"},
			Action:    Delete,
			MadeAgain: "systemd-homed",
			Secret:    true,
		},
		{
			ID:        "update-stamps",
			Title:     "when /etc and /var were updated",
			Why:       "they tell when the image was built",
			Source:    "systemd-update-done.service(8); Image Builder's clean-up script",
			Where:     []string{"/{etc,var}/.updated"},
			Action:    Delete,
			Default:   Off, // without them the first boot rebuilds caches that are there
			MadeAgain: "systemd-update-done.service",
		},
		{
			ID:        "reconfiguration",
			Title:     "ask for settings at the first boot",
			Why:       "the system asks whoever sits at the console for a password and a time zone",
			Source:    "virt-sysprep flag-reconfiguration",
			Where:     []string{"/.unconfigured"},
			Action:    Reset,
			Default:   Off, // nobody sits at the console of an instance
			Reset:     &Content{Create: true},
			MadeAgain: "this rule makes it",
		},
		{
			ID:     "backup-files",
			Title:  "back-up copies of editors",
			Why:    "they hold what was taken out of the files, passwords too",
			Source: "virt-sysprep backup-files",
			Where:  []string{"/{etc,root,srv,var}/**/*{~,.bak}"},
			Except: []string{
				"/var/{lib,cache}/{docker,containerd,containers,buildkit,kubelet,lxc,lxd,incus,machines,libvirt,flatpak,snapd,mock,pbuilder,schroot,nspawn,rancher}",
				"/var/lib/{mysql,mariadb,postgresql,pgsql,mongodb,mongo,elasticsearch,cassandra,dpkg,rpm,apt,dnf,yum,zypp,pacman,aide}", "/var/snap", "/var/tmp", "/var/log",
			},
			Files:     true,
			Unowned:   true,
			Action:    Delete,
			MadeAgain: "nothing needs them",
			Secret:    true,
		},
		{
			ID:        "editor-swap",
			Title:     "swap files of vim",
			Why:       "they hold what was edited, passwords too, and vim asks about them",
			Source:    "vim(1), :help swap-file",
			Where:     []string{"/{etc,root,srv,var}/**/.*.sw[a-p]"},
			Holds:     `^b0VIM`,
			Action:    Delete,
			MadeAgain: "nothing needs them",
			Secret:    true,
		},
		{
			ID:        "runtime-leftovers",
			Title:     "what should be in memory",
			Why:       "a file system in memory hides it on a clone, but whoever has the image can read it",
			Source:    "hier(7), /run; file-hierarchy(7)",
			Where:     []string{"/run/{cloud-init,user,credentials,secrets,systemd/journal,systemd/netif,systemd/sessions,systemd/users,dhclient*,NetworkManager,amazon,docker,containerd}/*", "/run/*.pid", "/run/dhclient*.leases", "/dev/shm/*"},
			Action:    Delete,
			MadeAgain: "the programs, at boot",
			Secret:    true,
		},
	}
}
