package corpus

import "io/fs"

const dir = fs.ModeDir

// identity is what makes the build machine itself.
func identity() []Item {
	return append(all(Removed, `
		/etc/ssh/ssh_host_rsa_key /etc/ssh/ssh_host_rsa_key.pub /etc/ssh/ssh_host_ecdsa_key /etc/ssh/ssh_host_ed25519_key
		/etc/ssh/ssh_host_ed25519_key-cert.pub /etc/ssh/ssh_host_dsa_key
		/var/lib/systemd/random-seed /boot/efi/loader/random-seed /efi/loader/random-seed /var/lib/urandom/random-seed
		/var/lib/systemd/credential.secret /etc/machine-info
		/var/lib/dhclient/dhclient.leases /var/lib/dhclient/dhclient--eth0.lease /var/lib/dhcp/dhclient.ens5.leases /var/lib/dhcp/dhclient6.leases
		/var/lib/dhcpcd/duid /var/lib/dhcpcd/ens5.lease /var/lib/wicked/lease-eth0-dhcp-ipv4.xml /var/lib/wicked/duid.xml
		/var/lib/NetworkManager/internal-0a1b-ens5.lease /var/lib/NetworkManager/dhclient-5fb-eth0.lease /var/lib/NetworkManager/secret_key
		/etc/NetworkManager/system-connections/Wired.nmconnection /etc/NetworkManager/system-connections/Wi-Fi%20Guest.nmconnection
		/etc/udev/rules.d/70-persistent-net.rules /etc/udev/rules.d/70-persistent-cd.rules
		/etc/nvme/hostnqn /etc/nvme/hostid /etc/lvm/devices/system.devices /etc/blkid.tab /etc/blkid/blkid.tab
		/var/lib/dhcpd/dhcpd.leases /var/lib/misc/dnsmasq.leases /var/lib/libvirt/dnsmasq/virbr0.status
		/etc/passwd- /etc/shadow- /etc/group- /etc/gshadow- /etc/subuid- /etc/subgid- /var/backups/passwd.bak /var/backups/shadow.bak
		/etc/sysconfig/hw-uuid /etc/smolt/uuid /var/lib/yum/uuid /var/lib/zypp/AnonymousUniqueId /var/lib/whoopsie/whoopsie-id
		/etc/pki/consumer/cert.pem /etc/pki/consumer/key.pem /etc/pki/entitlement/8a99.pem /etc/pki/entitlement/8a99-key.pem
		/etc/sysconfig/rhn/systemid /etc/sysconfig/rhn/osad-auth.conf /etc/insights-client/machine-id /etc/insights-client/.registered
		/etc/zypp/credentials.d/SCCcredentials /var/lib/ubuntu-advantage/private/machine-token.json /var/lib/landscape/client/broker.bpickle
		/etc/krb5.keytab /var/lib/sss/db/cache_corp.ldb /var/lib/sss/db/ccache_CORP /var/lib/sss/secrets/.secrets.mkey /var/lib/sss/mc/passwd
		/var/lib/samba/private/secrets.tdb /var/lib/samba/account_policy.tdb /var/lib/samba/winbindd_idmap.tdb /var/lib/samba/group_mapping.ldb
		/etc/ipa/ca.crt /etc/ipa/default.conf /var/lib/ipa-client/sysrestore/sysrestore.state /var/lib/ipa-client/pki/ca-bundle.pem
		/var/lib/sudo/ts/alice /var/lib/sudo/lectured/alice /run/sudo/ts/alice /run/faillock/alice /run/console/alice /run/sepermit/alice
		/var/lib/systemd/timers/stamp-logrotate.timer /var/lib/systemd/timers/stamp-fstrim.timer
		/var/lib/iscsi/nodes/iqn.2004-04.com.example/10.0.0.1/default /var/lib/nfs/sm/client.example.com
		/var/cache/pollinate/seeded /var/lib/NetworkManager/timestamps /var/lib/logrotate/status /var/lib/logrotate.status
	`), []Item{
		{Path: "/etc/machine-id", Fate: Reset, Text: "0123456789abcdef0123456789abcdef\n", Want: "", Mode: 0o444},
		{Path: "/var/lib/dbus/machine-id", Fate: Reset, Text: "0123456789abcdef0123456789abcdef\n", Want: "", Mode: 0o644},
		{Path: "/etc/iscsi/initiatorname.iscsi", Fate: Reset, Text: "InitiatorName=iqn.1993-08.org.debian:01:abcdef\n", Want: "GenerateName=yes\n", Mode: 0o600},
		{Path: "/etc/hostname", Fate: Cleared, Text: "builder\n", Mode: 0o644},
		{
			Path: "/etc/shadow", Fate: Reset, Mode: 0o640, UID: 42,
			Text: "root:$y$j9T$abc$def:19700:0:99999:7:::\ndaemon:*:19700:0:99999:7:::\nalice:!:19700:0:99999:7:::\n",
			Want: "root:*:19700:0:99999:7:::\ndaemon:*:19700:0:99999:7:::\nalice:!:19700:0:99999:7:::\n",
		},
		{
			Path: "/etc/sysconfig/network-scripts/ifcfg-eth0", Fate: Reset, Mode: 0o644,
			Text: "DEVICE=eth0\nHWADDR=52:54:00:12:34:56\nUUID=\"5fb06bd0-0bb0-7ffb-45f1-d6edd65f3e03\"\nONBOOT=yes\nDHCP_HOSTNAME=builder\n",
			Want: "DEVICE=eth0\nONBOOT=yes\n",
		},
		{
			Path: "/etc/netplan/01-netcfg.yaml", Fate: Reset, Mode: 0o600,
			Text: "network:\n  version: 2\n  ethernets:\n    ens5:\n      dhcp4: true\n      match:\n        macaddress: 0a:1b:2c:3d:4e:5f\n      set-name: ens5\n",
			Want: "network:\n  version: 2\n  ethernets:\n    ens5:\n      dhcp4: true\n",
		},
		{Path: "/var/spool/cron/atjobs/.SEQ", Fate: Reset, Text: "0000a\n", Want: "00000\n", Mode: 0o600},
		{Path: "/etc/popularity-contest.conf", Fate: Reset, Text: "PARTICIPATE=\"yes\"\nMY_HOSTID=\"0123\"\n", Want: "PARTICIPATE=\"yes\"\n", Mode: 0o644},
	}...)
}
