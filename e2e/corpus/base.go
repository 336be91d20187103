package corpus

// homes are those that the tree's users have: root's, an ordinary one, one that is no longer in passwd, one of a service,
// one in an odd place, and one of a user of a directory service.
func homes() []string {
	return []string{"/root", "/home/alice", "/home/ghost", "/var/lib/jenkins", "/srv/deploy", "/home/CORP/carol"}
}

// Users are lines of passwd(5) for the users that the corpus leaves things for.
const Users = `alice:x:1000:1000:Alice:/home/alice:/bin/bash
jenkins:x:110:115:Jenkins:/var/lib/jenkins:/bin/bash
deploy:x:1001:1001::/srv/deploy:/bin/sh
linked:x:1002:1002::/home/linked:/bin/bash
`

const passwd = `root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
bin:x:2:2:bin:/bin:/usr/sbin/nologin
sync:x:4:65534:sync:/bin:/bin/sync
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
dbus:x:81:81:System message bus:/:/sbin/nologin
` + Users

// Base is what the tree has besides what is planted: enough of a system for rules to know where they are.
func Base() []Item {
	return append([]Item{
		{Path: "/etc/passwd", Text: passwd, Mode: 0o644},
		{Path: "/etc/group", Text: "root:x:0:\nadm:x:4:\n", Mode: 0o644},
		{Path: "/etc/os-release", Text: "ID=debian\nVERSION_ID=12\n", Mode: 0o644},
		{Path: "/etc/debian_version", Text: "12.5\n", Mode: 0o644},
		{Path: "/run", Mode: 0o755 | dir}, {Path: "/var/run", Link: "/run"}, {Path: "/var/lock", Link: "/run/lock"},
		{Path: "/usr/lib", Mode: 0o755 | dir}, {Path: "/lib", Link: "usr/lib"}, {Path: "/usr/bin", Mode: 0o755 | dir}, {Path: "/bin", Link: "usr/bin"},
		{Path: "/var/spool/mail", Mode: 0o775 | dir}, {Path: "/var/mail", Link: "spool/mail"},
	}, Around()...)
}

// Around is what the planted things need in a tree that is a whole system already.
func Around() []Item {
	return []Item{
		{Path: "/usr/lib/systemd/system/sshd-keygen@.service", Text: "[Service]\nExecStart=/usr/libexec/openssh/sshd-keygen %i\n", Mode: 0o644},
		{Path: "/home/CORP/carol/.profile", Mode: 0o644},
		{Path: "/srv/deploy", Mode: 0o755 | dir}, {Path: "/var/lib/jenkins", Mode: 0o755 | dir}, {Path: "/home/ghost", Mode: 0o700 | dir},
		{Path: "/data/home/linked", Mode: 0o700 | dir}, {Path: "/home/linked", Link: "/data/home/linked"},
		{Path: "/var/lib/dpkg/info/base.list", Text: "/.\n/var\n/var/log\n/var/log/shipped.log\n/etc\n/etc/shipped.conf.bak\n", Mode: 0o644},
	}
}
