package sshclient

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Login is a user of the guest and the line for its authorized_keys. It gets in
// through a systemd credential that the guest's systemd-tmpfiles applies at each
// boot (systemd 252 or later), so the image itself need not know the key.
type Login struct {
	User string // must exist, with its home in /home, or be root
	Key  string // "ssh-ed25519 AAAA…"
}

// Tmpfiles returns tmpfiles.d(5) lines that write each user's authorized_keys.
func Tmpfiles(logins []Login) string {
	keys := map[string]string{}
	for _, l := range logins {
		keys[l.User] += strings.TrimSpace(l.Key) + "\n"
	}
	var b strings.Builder
	for _, user := range slices.Sorted(maps.Keys(keys)) {
		home := "/home/" + user
		if user == "root" {
			home = "/root"
		}
		fmt.Fprintf(&b, "d %s/.ssh 0700 %s %[2]s -\n", home, user)
		fmt.Fprintf(&b, "f+~ %s/.ssh/authorized_keys 0600 %s %[2]s - %s\n", home, user, base64.StdEncoding.EncodeToString([]byte(keys[user])))
	}
	return b.String()
}
