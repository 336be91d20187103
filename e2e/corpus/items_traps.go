package corpus

// traps look like what must go, and must stay.
func traps() []Item {
	folders := all(Kept, `
		/var/log /var/log/nginx /var/log/apache2 /var/log/httpd /var/log/mysql /var/log/postgresql /var/log/journal /var/log/audit /var/log/apt /var/log/samba /var/log/private
		/var/log/empty-service /var/log/versions/13.1 /var/log/app.old /var/log/nginx-20260131 /var/log/sa /var/log/amazon/ssm
		/tmp /var/tmp /var/spool/mail /var/spool/cron /var/spool/cron/crontabs /var/spool/cron/atjobs /var/spool/at /var/spool/postfix/deferred /var/spool/postfix/maildrop /var/crash
		/var/cache/apt/archives /var/cache/apt/archives/partial /var/lib/apt/lists /var/lib/apt/lists/partial /var/cache/dnf /var/cache/yum /var/cache/man /var/lib/dhcp /var/lib/dhclient
		/var/lib/systemd/coredump /var/lib/systemd/timers /var/lib/NetworkManager /etc/NetworkManager/system-connections /var/lib/cloud /var/lib/sss/db /var/lib/samba/private /var/lib/samba
		/var/cfengine/ppkeys /var/lib/cfengine3/ppkeys /var/cfengine/inputs /var/cfengine/state /var/cfengine/masterfiles /home/alice/.ssh /root/.ssh /home/alice /root /home/ghost
		/etc/ssh /etc/pki/consumer /etc/pki/entitlement /var/lib/rabbitmq /var/lib/rabbitmq/mnesia /var/lib/tailscale /var/lib/ecs/data /var/lib/amazon/ssm /etc/wireguard /etc/puppetlabs/puppet/ssl
		/var/lib/sudo /var/lib/sudo/ts /var/lib/systemd /var/lib/dbus /var/backups /var/lib/redis /var/lib/mysql /run/sudo/ts
	`)
	for i := range folders {
		folders[i].Mode = dir | 0o755
	}
	files := all(Kept, `
		/etc/ssh/ssh_config /etc/ssh/moduli /etc/ssh/ssh_known_hosts /etc/ssh/ssh_config.d/10-x.conf /etc/ssh/revoked_keys /home/alice/.ssh/config /home/alice/.ssh/rc /root/.ssh/config
		/home/alice/history.txt /home/alice/Documents/history /home/alice/Documents/.aws-notes.md /home/alice/.aws-sam/config /home/alice/.profile /home/alice/.zshrc /home/alice/.gitconfig /home/alice/.vimrc /home/alice/.npm-global/bin/x
		/home/alice/.config/gcloud.md /home/alice/.docker/cli-plugins/docker-compose /home/alice/.docker/daemon.json /home/alice/.gnupg/pubring.kbx /home/alice/.gnupg/gpg.conf /home/alice/.cargo/config.toml /home/alice/.cargo/bin/cargo
		/home/alice/go/bin/tool /home/alice/go/pkg/mod/example.com/m@v1.0.0/m.go /home/alice/.cache/ms-playwright/chromium/chrome /home/alice/.cache/huggingface/hub/model.bin /home/alice/.m2/repository/a.jar /home/alice/.bash_logout
		/home/alice/work/.git/HEAD /home/alice/work/log/app.md /home/alice/id_card.txt /home/alice/core.go /home/alice/known_hosts_howto.md /home/alice/tmp/mine /home/alice/.config/helm/plugins.yaml
		/usr/share/doc/bash/history /usr/share/doc/foo/examples/authorized_keys /usr/share/doc/foo/changelog.1.gz /usr/share/man/man5/authorized_keys.5.gz /usr/share/nginx/access.log /usr/lib/tmpfiles.d/tmp.conf
		/usr/share/cfengine3/masterfiles/promises.cf /var/cfengine/bin/cf-agent /var/cfengine/lib/libpromises.so /var/cfengine/share/CoreBase/masterfiles/promises.cf /var/cfengine/masterfiles/promises.cf
		/var/lib/cloud/scripts/per-boot/10-mine.sh /var/lib/cloud/scripts/per-instance/x.sh /var/lib/cloud/seed/nocloud/user-data /etc/cloud/cloud.cfg /etc/cloud/cloud.cfg.d/10-mine.cfg /etc/cloud/clean.d/README
		/etc/netplan/50-cloud-init.yaml /etc/ssh/sshd_config.d/50-cloud-init.conf /etc/resolv.conf /etc/fstab /etc/hosts /etc/localtime.txt /etc/sudoers.d/90-cloud-init-users
		/var/spool/cron/crontabs/alice /var/spool/cron/root /etc/cron.d/backup /etc/cron.d/.placeholder /etc/crontab /etc/cron.daily/logrotate /var/spool/cron/crontabs/.keep
		/var/cache/apt/archives/lock /var/lib/apt/lists/lock /var/lib/apt/extended_states /var/lib/dpkg/status /var/lib/dpkg/info/foo.list /var/lib/rpm/rpmdb.sqlite /var/lib/rpm/Packages /var/lib/dnf/modulefailsafe/x
		/etc/apt/sources.list /etc/apt/sources.list.d/x.list /etc/apt/trusted.gpg.d/x.gpg /etc/yum.repos.d/base.repo /etc/pki/rpm-gpg/RPM-GPG-KEY /etc/pki/tls/certs/ca-bundle.crt /etc/pki/rhui/product/content.crt /etc/pki/product-default/69.pem
		/etc/NetworkManager/NetworkManager.conf /etc/NetworkManager/conf.d/10-x.conf /etc/systemd/network/20-wired.network /etc/network/interfaces /etc/udev/rules.d/10-mine.rules /etc/udev/rules.d/75-persistent-net-generator.rules
		/usr/lib/udev/rules.d/75-net-description.rules /etc/sysconfig/network-scripts/ifcfg-lo /etc/sysconfig/network-scripts/ifup-eth /etc/lvm/lvm.conf /etc/iscsi/iscsid.conf /etc/nvme/discovery.conf
		/var/lib/puppet/modules/mine/manifests/init.pp /etc/puppetlabs/code/environments/production/modules/a/init.pp /etc/puppetlabs/puppet/puppet.conf /etc/puppetlabs/facter/facts.d/role.txt /etc/salt/minion /etc/salt/minion.d/master.conf /srv/salt/top.sls /etc/chef/client.rb /etc/chef/trusted_certs/x.crt
		/var/cache/ecs/ecs-agent.tar /etc/ecs/ecs.config /etc/amazon/ssm/amazon-ssm-agent.json /opt/aws/amazon-cloudwatch-agent/etc/amazon-cloudwatch-agent.json /opt/aws/amazon-cloudwatch-agent/bin/config-downloader
		/etc/docker/daemon.json /var/lib/docker/overlay2/abc/diff/etc/hosts.bak /var/lib/docker/image/overlay2/repositories.json /var/lib/containerd/io.containerd.content.v1.content/blobs/x /var/lib/containers/storage/overlay/x
		/etc/kubernetes/manifests/keep.yaml /var/lib/kubelet/config.yaml /etc/cni/net.d/10-x.conflist /var/lib/rancher/k3s/agent/images/x.tar /etc/rancher/k3s/registries.yaml /var/lib/etcd/member/snap/db /etc/rabbitmq/rabbitmq.conf /etc/rabbitmq/enabled_plugins
		/var/lib/mysql/ibdata1 /var/lib/mysql/app/t.ibd /var/lib/postgresql/15/main/PG_VERSION /var/lib/redis/dump.rdb /var/lib/mongodb/collection-0.wt /var/lib/elasticsearch/nodes/0/x /var/lib/grafana/grafana.db /var/lib/prometheus/wal/0001
		/etc/consul.d/consul.hcl /etc/vault.d/vault.hcl /etc/nomad.d/nomad.hcl /opt/consul/bin/consul /var/lib/vault/plugins/p /etc/wireguard/README /etc/default/tailscaled /var/ossec/etc/client.keys /opt/CrowdStrike/falconstore /etc/qualys/hostid
		/srv/app/data.json /srv/app/tmp/keep.txt /srv/app/logs/README /opt/app/history.db /opt/app/.env.example /var/www/html/index.html /var/lib/myapp/data.db /var/lib/myapp/random-seed.txt /usr/local/bin/tool /usr/local/etc/credentials.example
		/var/log/README /var/log/nginx/README.md /var/log/.keep /var/log/empty-service/.gitkeep /var/log/shipped.log /etc/shipped.conf.bak /tmp/.keep /var/crash/README /var/lib/dhcp/README.txt /var/spool/abrt/README /var/spool/mail/.keep /var/crash/.gitkeep
		/etc/machine-id.template /etc/hostname.example /etc/passwd-policy.conf /etc/security/limits.conf /etc/kernel/entry-token /boot/loader/entries/x.conf /boot/grub/grub.cfg /etc/systemd/journald.conf /var/lib/systemd/deb-systemd-helper-enabled/x
		/etc/ca-certificates.conf /etc/ssl/certs/x.pem /etc/ssl/private/mine.key /etc/letsencrypt/live/README /etc/krb5.conf /etc/sssd/sssd.conf /etc/samba/smb.conf /var/lib/samba/usershares/public /etc/firewalld/zones/public.xml /etc/sysconfig/iptables
		/var/lib/ubuntu-advantage/status.json.md /etc/ubuntu-advantage/uaclient.conf /etc/landscape/client.conf /var/lib/snapd/state.json /var/lib/snapd/seed/seed.yaml /var/lib/flatpak/repo/config /var/lib/dkms/x/source
	`)
	return append(append(folders, files...), []Item{
		{Path: "/data/home/linked/.profile.link", Fate: Kept, Link: "/etc/profile"},
		{Path: "/root/.mysql_history.off", Fate: Kept, Link: "/dev/null"},
		{Path: "/home/ghost/.node_repl_history.off", Fate: Kept, Link: "../../dev/null"},
		{Path: "/var/log/quiet.log", Fate: Kept, Link: "/dev/null"},
		{Path: "/var/log/elsewhere.log", Fate: Kept, Link: "/srv/app/data.json"},
		{Path: "/etc/udev/rules.d/z25_persistent-net.rules", Fate: Kept, Mode: dir | 0o755},
		{Path: "/etc/wireguard/template.conf", Fate: Kept, Text: "[Interface]\nAddress = 10.0.0.1/24\n"},
		{Path: "/home/alice/.m2/settings.xml", Fate: Kept, Text: "<settings><mirrors/></settings>\n"},
		{Path: "/home/alice/core", Fate: Kept, Text: "apple core\n"},
		{Path: "/etc/salt/pki/master/master.pem", Fate: Kept},
	}...)
}
