package accounts

import "testing"

func TestSudo(t *testing.T) {
	want(t, "marketplace", map[string]string{
		"etc/passwd": noPasswords + "daemon:x:1:1::/:/bin/sh\n", "etc/shadow": noHashes + "daemon:*:::::::\n",
		"etc/sudoers": "# User rules for root\nDefaults env_reset\nDefaults:admin !authenticate\nUser_Alias\tOPS = admin, gone : X = y\n" +
			"root\tALL=(ALL:ALL) ALL\n%sudo   ALL=(ALL:ALL) ALL\n%wheel ALL=(ALL) NOPASSWD: ALL # all of them\nOPS ALL = NOPASSWD: ALL\n" +
			"admin ALL = NOPASSWD: /usr/bin/uptime\ngone ALL = \\\n  NOPASSWD: /usr/bin/uptime\n#1000 ALL=(ALL) NOPASSWD:SETENV:ALL\n#1234 ALL=(ALL) NOPASSWD: ALL\n" +
			"daemon ALL=NOPASSWD: ALL\npacker, admin ALL=(ALL) ALL\nwhat is this\n@includedir /etc/sudoers.d\n#include local\n",
		"etc/sudoers.d/90-cloud-init-users": "debian ALL=(ALL) NOPASSWD:ALL\n",
		"etc/sudoers.d/99_packer_build":     "me ALL=(ALL) NOPASSWD:ALL\n",
		"etc/sudoers.d/ignored.bak":         "me ALL=(ALL) NOPASSWD:ALL\n",
		"etc/sudoers.d/README":              "#\n# As of Debian version 1.7.2p1-1, the default /etc/sudoers file created on\n#\n",
		"etc/sudoers.d/ad":                  "%domain\\ admins ALL=(ALL) NOPASSWD: ALL\n",
		"etc/local":                         "ALL ALL=NOPASSWD:ALL\n",
	},
		"warning sudo-nopasswd /etc/sudoers:3 admin",
		"warning sudo-nopasswd /etc/sudoers:7 the group wheel",
		"warning sudo-nopasswd /etc/sudoers:8 admin",
		"warning sudo-missing-user /etc/sudoers:8 gone",
		"warning sudo-missing-user /etc/sudoers:10 gone",
		"warning sudo-nopasswd /etc/sudoers:12 #1000",
		"warning sudo-missing-user /etc/sudoers:13 #1234",
		"error sudo-service /etc/sudoers:14 daemon",
		"error sudo-builder /etc/sudoers:15 packer",
		"unknown /etc/sudoers:16",
		"warning sudo-cloud-init /etc/sudoers.d/90-cloud-init-users:0 written by cloud-init on the machine that the image was built on",
		"error sudo-builder /etc/sudoers.d/99_packer_build:0 the file is named after a builder",
		"warning sudo-nopasswd /etc/sudoers.d/ad:1 the group domain admins",
		"error sudo-service /etc/local:1 everybody",
	)
}

// The default user of every cloud image has these rights, so an image of one's own fleet is not blamed for them.
func TestSudoOfTheDefaultUser(t *testing.T) {
	want(t, "ami", map[string]string{
		"etc/passwd": noPasswords, "etc/shadow": noHashes, "etc/sudoers": "%sudo ALL=(ALL:ALL) ALL\n", "etc/sudoers.d/90-admin": "admin ALL=(ALL) NOPASSWD:ALL\n",
	})
}
