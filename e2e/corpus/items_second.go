package corpus

// second is what a second list, written from other tools' lists without a look at the first, had and the catalogue had not.
func second() []Item {
	gone := all(Removed, `
		~/.vim/viminfo ~/.lesshsQ ~/.local/share/xonsh/history_json/xonsh-1.json ~/.local/share/tig/history ~/.sudo_as_admin_successful ~/.bash_history.bak ~/.mysql_history.TMP ~/.psql_history-db
		~/.ssh/authorized_keys~ ~/.ssh/authorized_keys.d/ignition /etc/ssh/authorized_keys/alice /etc/ssh/authorized_keys.d/alice ~/.davfs2/secrets ~/.dbus/session-bus/0123456789abcdef0123456789abcdef-0
		/var/lib/dhcpcd5/eth0.lease /var/lib/dibbler/client-duid /var/lib/NetworkManager/no-auto-default.state /var/lib/systemd/tpm2-srk-public-key.pem /var/account/pacct-20261101.gz
		/var/named/data/named.run.1 /dev/shm/left /var/spool/rsyslog/queue.00000001 /var/lib/rsyslog/queue.qi /var/lib/private/systemd/journal-upload/state /var/lib/elastic-agent/fleet.enc
		/var/lib/php/sessions/sess_0a1b2c /var/snap/amazon-ssm-agent/123/Vault/x /var/lib/k0s/pki/ca.key /var/lib/yggdrasil/client-id /var/spool/cron/lastrun/cron.daily
	`)
	live := all(Cleared, `
		/var/log/chrony/measurements.log /var/log/chrony/tracking.log /var/log/python3.11 /var/log/ntpstats/peerstats /var/named/data/named.run /var/cache/debconf/passwords.dat-old
	`)
	for i := range live {
		live[i].UID = 120
	}
	kept := all(Kept, `
		/home/alice/.bash_history.txt /home/alice/.zsh_history.md /var/lib/cloud/handlers/part.py /var/lib/dpkg/status-old /var/lib/dpkg/diversions-old /var/cache/debconf/config.dat-old
		/var/cache/debconf/templates.dat /etc/.notes.swp /var/lib/php/modules/8.2/x /var/lib/mysql/0001.log /var/named/data/cache_dump.db
	`)
	return append(append(append(gone, live...), kept...), []Item{
		{Path: "/var/log/journal/remote", Fate: Kept, UID: 121, Mode: dir | 0o755},
		{Path: "/var/spool/rsyslog", Fate: Kept, Mode: dir | 0o700},
		{Path: "/etc/.sshd_config.swp", Fate: Removed, Text: "b0VIM 9.0\x00"},
	}...)
}
