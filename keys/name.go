package keys

import "strings"

// Dir is where sshd(8) looks for host keys by itself.
const Dir = "/etc/ssh"

// IsHostKey tells whether a file of this name in [Dir] is a host key, a public half, a host certificate, or a copy of one that
// somebody set aside (ssh_host_rsa_key.dpkg-old). ssh-keygen -A makes ssh_host_TYPE_key; older images also have names such as
// "server_host_ed25519_key", which a HostKey line of sshd_config(5) pointed to.
func IsHostKey(name string) bool {
	if strings.HasPrefix(name, "ssh_host_") {
		return true
	}
	base := strings.TrimSuffix(strings.TrimSuffix(name, ".pub"), "-cert")
	for _, kind := range []string{"rsa", "dsa", "ecdsa", "ed25519"} {
		if strings.HasSuffix(base, "_host_"+kind+"_key") {
			return true
		}
	}
	return false
}

// isPrivateName tells whether sshd would take the file for a private key by default: no public half, no copy set aside.
func isPrivateName(name string) bool {
	return strings.HasPrefix(name, "ssh_host_") && strings.HasSuffix(name, "_key")
}

// isTemporary tells a file that rootfs was writing when it was interrupted. Nobody else writes while Make runs.
func isTemporary(name string) bool { return strings.HasPrefix(name, ".leaven-") }
