package corpus

// logs are live logs, which stay as empty files, and what nothing writes to any more.
func logs() []Item {
	live := all(Cleared, `
		/var/log/syslog /var/log/messages /var/log/auth.log /var/log/secure /var/log/kern.log /var/log/daemon.log /var/log/mail.log /var/log/maillog
		/var/log/cron /var/log/cron.log /var/log/dpkg.log /var/log/alternatives.log /var/log/boot.log /var/log/dmesg /var/log/spooler /var/log/user.log
		/var/log/debug /var/log/apt/history.log /var/log/apt/term.log /var/log/unattended-upgrades/unattended-upgrades.log /var/log/dnf.log /var/log/dnf.rpm.log
		/var/log/hawkey.log /var/log/yum.log /var/log/zypper.log /var/log/zypp/history /var/log/audit/audit.log /var/log/firewalld /var/log/tuned/tuned.log
		/var/log/wtmp /var/log/btmp /var/log/lastlog /var/log/faillog /var/log/tallylog /var/log/cloud-init.log /var/log/cloud-init-output.log
		/var/log/nginx/access.log /var/log/nginx/error.log /var/log/apache2/access.log /var/log/httpd/access_log /var/log/httpd/error_log
		/var/log/mysql/error.log /var/log/mariadb/mariadb.log /var/log/postgresql/postgresql-15-main.log /var/log/redis/redis-server.log
		/var/log/samba/log.smbd /var/log/sssd/sssd.log /var/log/squid/access.log /var/log/rhsm/rhsm.log /var/log/ubuntu-advantage.log
		/var/log/amazon/ssm/amazon-ssm-agent.log /var/log/amazon/ssm/errors.log /var/log/ecs/ecs-agent.log /var/log/cfn-init.log /var/log/cfn-init-cmd.log /var/log/user-data.log
		/var/log/puppetlabs/puppet/puppet.log /var/log/salt/minion /var/log/chef/client.log /var/log/Xorg.0.log /var/log/app/deep/er/app.log
		/var/log/account/pacct /var/account/pacct /var/log/waagent.log /var/log/private/svc/out.log /var/log/with%20blank.log
		/opt/aws/amazon-cloudwatch-agent/logs/amazon-cloudwatch-agent.log
	`)
	for i := range live { // as daemons have them: not root's, not readable by all
		live[i].UID, live[i].Mode = 100+i%7, []filemode{0o600, 0o640, 0o644, 0o660}[i%4]
	}
	gone := all(Removed, `
		/var/log/syslog.1 /var/log/syslog.2.gz /var/log/syslog.10.gz /var/log/messages-20260131 /var/log/messages-20260131.gz /var/log/secure-20260131
		/var/log/auth.log.1 /var/log/kern.log.3.gz /var/log/boot.log-20260131 /var/log/dmesg.0 /var/log/dmesg.1.gz /var/log/dmesg.old /var/log/btmp.1 /var/log/wtmp-20260131
		/var/log/cron-20260131 /var/log/maillog-20260131.xz /var/log/dpkg.log.1 /var/log/alternatives.log.2.gz /var/log/apt/history.log.1.gz /var/log/apt/eipp.log.xz
		/var/log/nginx/access.log.1 /var/log/nginx/access.log.14.gz /var/log/httpd/access_log-20260131 /var/log/audit/audit.log.1 /var/log/audit/audit.log.4
		/var/log/Xorg.0.log.old /var/log/postgresql/postgresql-15-main.log.2.zst /var/log/app/app.log.2026-01-31 /var/log/app/app.2026-01-31.log.gz /var/log/app/app.log.bz2
		/var/log/mysql/error.log.1.gz /var/log/samba/log.smbd.old /var/log/sssd/sssd.log.1 /var/log/tuned/tuned.log.1 /var/log/squid/access.log.0 /var/log/dnf.log.1
		/var/log/sa/sa31 /var/log/sa/sar31 /var/log/sysstat/sa31 /var/log/journal/0123456789abcdef0123456789abcdef/system.journal
		/var/log/journal/0123456789abcdef0123456789abcdef/user-1000.journal /var/log/journal/remote/remote-10.0.0.1.journal
		/var/log/installer/syslog /var/log/installer/cdebconf/questions.dat /var/log/anaconda/anaconda.log /var/log/anaconda/packaging.log /var/log/anaconda.syslog
		/root/anaconda-ks.cfg /root/original-ks.cfg /root/initial-setup-ks.cfg /root/install.log /root/install.log.syslog
		/var/lib/lastlog/lastlog2.db /var/lib/wtmpdb/wtmp.db /var/lib/faillock/alice
	`)
	return append(live, gone...)
}

// spools are jobs, mail, crashes, temporary files and caches.
func spools() []Item {
	return append(all(Removed, `
		/tmp/build.sh /tmp/ssh-XXabc/agent.123 /tmp/.hidden/token /tmp/a/b/c/d/e /tmp/tmp.Qb2/with%20blank /tmp/systemd-private-0123-x.service-a/tmp/y
		/var/tmp/dracut.abc/initrd /var/tmp/leftover.tar.gz /var/tmp/.cache/token
		/var/spool/cron/atjobs/a0000301b2c3d4 /var/spool/cron/atspool/a0000301b2c3d4 /var/spool/at/a00002018c3d4e /var/spool/at/spool/a0000 /var/spool/atjobs/a0001
		/var/spool/mail/alice /var/spool/mail/root /var/spool/postfix/deferred/A/ABCDEF /var/spool/postfix/maildrop/12345 /var/spool/exim4/input/1abc-D /var/spool/mqueue/qf1 /var/spool/clientmqueue/df1
		/var/crash/_usr_bin_foo.1000.crash /var/crash/127.0.0.1-2026-01-31/vmcore /var/lib/systemd/coredump/core.foo.zst /var/spool/abrt/ccpp-2026/coredump /var/lib/apport/coredump/core.x /var/log/dump/x
		/var/cache/apt/archives/foo_1.0_amd64.deb /var/cache/apt/archives/partial/bar.deb /var/cache/apt/pkgcache.bin /var/cache/apt/srcpkgcache.bin
		/var/lib/apt/lists/deb.example.org_dists_stable_InRelease /var/lib/apt/lists/partial/x.gz
		/var/cache/dnf/baseos-0a/repodata/repomd.xml /var/cache/yum/x86_64/9/base/cachecookie /var/cache/libdnf5/a/b /var/cache/zypp/raw/repo/x /var/cache/zypp/packages/a.rpm /var/cache/PackageKit/9/x
		/var/lib/dnf/history.sqlite /var/lib/dnf/history.sqlite-wal /var/lib/yum/history/history-2026.sqlite /var/lib/rpm/__db.001
		~/.cache/pip/http/a/b ~/.npm/_cacache/index-v5/x ~/.cache/go-build/00/x ~/go/pkg/mod/cache/download/x ~/.cache/yarn/v6/x ~/.cache/composer/files/x
		/var/cache/man/index.db /var/cache/fontconfig/a.cache-7 /var/cache/gdm/x
		/etc/hosts.bak /etc/nginx/nginx.conf~ /root/notes.txt~ /var/www/index.html~ /srv/site/config.php.bak /var/lib/myapp/settings.bak /etc/shadow.bak
	`), []Item{
		{Path: "/core.4711", Fate: Removed, Text: "\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x04\x00\x3e\x00"},
		{Path: "/var/cache/debconf/passwords.dat", Fate: Cleared, Text: "Name: mysql-server/root_password\nValue: x\n", Mode: 0o600},
	}...)
}
