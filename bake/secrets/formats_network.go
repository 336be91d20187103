package secrets

// networkFormats are the files of VPNs, wireless networks, mail relays, directories and name servers.
func networkFormats() []format {
	return []format{
		// ipsec.secrets(5), swanctl.conf(5), racoon.conf(5), pppd(8)
		{id: "ipsec-secrets", title: "pre-shared key or password of IPsec", files: []string{"ipsec.secrets", "ipsec.*.secrets", "**/ipsec.d/*.secrets", "strongswan.secrets"},
			read: lines(`(?i)(?:^|[\s:])(?:psk|xauth|eap|ntlm|pin|rsa\s+\S+|ecdsa\s+\S+|pkcs8\s+\S+|pkcs12\s+\S+)\s+(?:"([^"]+)"|'([^']+)'|(0[sx][\w+/=]+|[^\s"'{%][^\s"']*))\s*$`)},
		{id: "swanctl", title: "secret in strongSwan's configuration", files: []string{"**/swanctl/**.conf", "swanctl.conf"}, lax: true, read: keys("secret", "pin")},
		{id: "ppp-secrets", title: "password of PPP", files: []string{"chap-secrets", "pap-secrets", "l2tp-secrets", "srp-secrets"}, read: column(2, ' ')},
		{id: "racoon-psk", title: "pre-shared key", files: []string{"psk.txt"}, read: anyOf(column(1, ' '), lines(`^[^\s:]+:(\S{8,})$`))}, // racoon's, and stunnel's
		{id: "ppp-peer", title: "password of PPP", files: []string{"**/ppp/peers/*", "**/ppp/options*"}, read: keys("password")},
		{id: "wireguard-config", title: "key in WireGuard's configuration", files: []string{"**/wireguard/**", "wg?.conf", "wg??.conf", "wg-*.conf"}, lax: true, read: keys("privatekey", "presharedkey")},
		{id: "openvpn-auth", title: "password of OpenVPN", files: []string{"**/openvpn/**auth*", "**/openvpn/**pass*", "**/openvpn/**cred*", "**/openvpn/**login*", "auth-user-pass*"}, read: secondLine},
		// postconf(5) smtp_sasl_password_maps, exim's passwd.client, and the small mailers
		{id: "postfix-sasl", title: "password of a mail relay", files: []string{"sasl_passwd", "sasl_passwd.*", "sasl_password", "saslpasswd", "relay_passwd", "smtp_sasl*"}, read: userColumn(1, ' ')},
		{id: "exim-password", title: "password of a mail relay", files: []string{"passwd.client"}, read: lastColumn},
		{id: "mailer-config", title: "password in a mailer's configuration", lax: true,
			files: []string{".msmtprc", "msmtprc", ".fetchmailrc", "fetchmailrc", ".muttrc", "muttrc", "ssmtp.conf", ".offlineimaprc", ".mbsyncrc", "**/nullmailer/remotes", ".esmtprc", "esmtprc", "**/mail/authinfo", "**/sendmail/authinfo",
				"**/dovecot/**.conf", "**/dovecot/**.ext", ".mailrc"},
			read: anyOf(keys("password", "pass", "passwd", "authpass", "remotepass", "imap_pass", "smtp_pass", "--pass", "dnpass"), lines(`"P[:=]([^"]+)"`))},
		{id: "zabbix-psk", title: "pre-shared key", files: []string{"*.psk", "**/zabbix/*psk*", "*psk.key", "psk.secrets"}, read: whole},
		{id: "zabbix-config", title: "password in Zabbix's configuration", files: []string{"zabbix_*.conf", "**/zabbix*/**.conf", "zabbix.conf.php"}, lax: true},
		// wpa_supplicant.conf(5), nm-settings-keyfile(5), netplan(5), iwd.network(5), hostapd.conf, interfaces(5)
		{id: "wifi-config", title: "password of a network", lax: true,
			files: []string{"wpa_supplicant*.conf", "**/wpa_supplicant/*", "*.nmconnection", "**/system-connections/*", "**/netplan/*", "**/iwd/*.psk", "**/iwd/*.8021x", "hostapd*.conf", "**/hostapd/*", "**/connman/**",
				"**/network/interfaces", "**/interfaces.d/*", "keys-*"},
			read: keys("psk", "password", "wep_key0", "wep_key1", "wep_key2", "wep_key3", "wep-key0", "wep-key1", "preshared-key", "private-key", "private_key_passwd", "private-key-password", "pin", "passphrase", "presharedkey",
				"sae_password", "wpa_passphrase", "wpa_psk", "wpa-psk", "wpa-password", "wireless-key", "secret", "ipsec-psk", "xauth-password", "leap-password", "auth_server_shared_secret", "acct_server_shared_secret")},
		// snmpd.conf(5), snmp.conf(5): communities are passwords; createUser's follow its algorithms
		{id: "snmp-config", title: "community or password of SNMP", files: []string{"**/snmp/**.conf", "snmpd.conf", "snmp.conf", "snmptrapd.conf", "snmpd.local.conf"},
			read: lines(`(?i)^\s*(?:(?:r[ow]|trap|def)community6?\s+"?([^\s"]+)|com2sec6?\s+(?:-Cn\s+\S+\s+)?\S+\s+\S+\s+"?([^\s"]+)|(?:trap2?|inform)sink\s+\S+\s+"?([^\s"]+)|createuser\s+(?:-e\s+\S+\s+)?"?\S+?"?\s+(?:md5|sha[\d-]*)\s+"?([^\s"]+)|def(?:auth|priv)?passphrase\s+"?([^\s"]+)|usmuser\s(?:\S+\s+){8,9}0x([0-9a-f]{16,}))`)},
		// ldap.conf(5), nslcd.conf(5), sssd-ldap(5), slapd.conf(5)
		{id: "ldap-config", title: "password of LDAP", lax: true,
			files: []string{"ldap.conf", "nslcd.conf", "pam_ldap.conf", "libnss-ldap.conf", "sssd.conf", "**/sssd/conf.d/*", "slapd.conf", "**/slapd.d/**.ldif", "autofs_ldap_auth.conf", "smbldap_bind.conf", "*ldap*.conf"},
			read:  keys("bindpw", "rootpw", "ldap_default_authtok", "rootbindpw", "credentials", "olcrootpw", "masterpw", "slavepw", "adminpw", "bindpasswd")},
		{id: "keepalived-config", title: "password of a cluster's heartbeat", files: []string{"**/keepalived/**.conf", "keepalived.conf", "authkeys", "drbd.conf", "**/drbd.d/*.res"}, lax: true,
			read: anyOf(keys("auth_pass", "shared-secret", "cram-hmac-secret"), lines(`(?i)^\s*\d+\s+(?:sha1|md5)\s+(\S+)\s*$`))},
		// HAProxy's configuration manual: userlist, stats auth
		{id: "haproxy-config", title: "password in HAProxy's configuration", files: []string{"haproxy*.cfg", "**/haproxy/**.cfg"}, read: lines(`(?:insecure-password\s+|stats\s+auth\s+[^\s:]+:)(\S+)`)},
		// named.conf(5), rndc.conf(5), dhcpd.conf(5)
		{id: "bind-config", title: "TSIG or rndc key", files: []string{"rndc.key", "rndc.conf", "named.conf*", "**/bind/**", "**/named/**.key", "*.tsig", "session.key", "**/nsd/**.conf", "**/knot/**.conf", "dhcpd*.conf"}, lax: true, read: keys("secret")},
		{id: "radius-config", title: "shared secret of RADIUS or TACACS+", files: []string{"clients.conf", "**/freeradius/**.conf", "**/raddb/**.conf", "tac_plus.conf", "tacplus*.conf"}, read: keys("secret", "key")},
		{id: "radius-servers", title: "shared secret of a RADIUS server", files: []string{"pam_radius_auth.conf", "**/raddb/server", "**/radiusclient*/servers", "**/radcli/servers"}, read: column(1, ' ')},
		// mount.cifs(8), smbclient(1), davfs2
		{id: "cifs-credentials", title: "password of a Windows share", lax: true,
			files: []string{".smbcredentials*", "*.smbcredentials", "smbcredentials*", "*cifs*cred*", ".cifs*", "*.cifs", "**/samba/*cred*", "**/cifs/**", "credentials", ".credentials", "*.cred", "*.credentials", ".smbclient*", "smb*.cred*"}, read: keys("password", "passwd", "pass")},
		{id: "user-passwords", title: "file of users and passwords", files: []string{"rsyncd.secrets", "**/davfs2/secrets", "**/stunnel/psk*", "*.secrets", "cram-md5.pwd"}, read: lastColumn},
		{id: "ceph-keyring", title: "key in a Ceph keyring", files: []string{"*.keyring", "**/ceph/*keyring*"}, read: keys("key")},
		{id: "nut-config", title: "password in NUT's configuration", files: []string{"upsd.users", "upsmon.conf"}, lax: true, read: lines(`^\s*MONITOR\s+\S+\s+\d+\s+\S+\s+(\S+)`)},
		{id: "squid-config", title: "password in Squid's configuration", files: []string{"squid*.conf", "**/squid/**.conf"}, lax: true, read: lines(`\blogin=[^\s:*]+:(\S+)`)},
		{id: "chat-config", title: "password of a chat client", files: []string{"**/.irssi/config", "**/weechat/**.conf", "**/.weechat/**.conf", "**/.purple/accounts.xml", "**/hexchat/*.conf"}, lax: true},
	}
}
