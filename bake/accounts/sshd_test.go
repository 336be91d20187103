package accounts

import (
	"context"
	"strings"
	"testing"

	"github.com/leaven-dev/leaven/bake/treetest"
)

const noPasswords = "root:x:0:0::/root:/bin/sh\nadmin:x:1000:1000::/home/admin:/bin/sh\n"
const noHashes = "root:*:::::::\nadmin:!:::::::\n"

func sshd(config string, more ...string) map[string]string {
	files := map[string]string{"etc/passwd": noPasswords, "etc/shadow": noHashes, "usr/sbin/sshd": "", "etc/ssh/sshd_config": config}
	for i := 0; i < len(more); i += 2 {
		files[more[i]] = more[i+1]
	}
	return files
}

func TestSSHDSettings(t *testing.T) {
	const closed = "PasswordAuthentication no\nKbdInteractiveAuthentication no\n"
	for name, c := range map[string]struct {
		profile  string
		files    map[string]string
		findings []string
	}{
		"Debian as installed":       {"ami", sshd("Include /etc/ssh/sshd_config.d/*.conf\nKbdInteractiveAuthentication no\nUsePAM yes\n"), nil},
		"the same for everybody":    {"marketplace", sshd("UsePAM yes\n"), []string{"error sshd-password-default /usr/sbin/sshd:0 nothing says no"}},
		"closed":                    {"marketplace", sshd(closed + "PermitRootLogin no\n"), nil},
		"not installed":             {"marketplace", map[string]string{"etc/passwd": noPasswords, "etc/shadow": noHashes}, nil},
		"root":                      {"ami", sshd("PermitRootLogin yes\n"), []string{"warning sshd-permits-root /etc/ssh/sshd_config:1 permitrootlogin yes"}},
		"root, keys only":           {"ami", sshd("PermitRootLogin prohibit-password\nPermitRootLogin yes\n"), nil},
		"written on":                {"ami", sshd("# x\npasswordauthentication\tYES\n"), []string{"warning sshd-password-login /etc/ssh/sshd_config:2 passwordauthentication YES"}},
		"quoted with an equal sign": {"ami", sshd(`PasswordAuthentication="yes"` + "\n"), []string{`warning sshd-password-login /etc/ssh/sshd_config:1 passwordauthentication "yes"`}},
		"the first value counts":    {"ami", sshd("PasswordAuthentication no\nPasswordAuthentication yes\n"), nil},
		"an included file is first": {"ami", sshd("Include sshd_config.d/*.conf\n"+closed,
			"etc/ssh/sshd_config.d/50-x.conf", "PasswordAuthentication yes\n", "etc/ssh/sshd_config.d/60-y.conf", "PasswordAuthentication no\n", "etc/ssh/sshd_config.d/off", "PermitEmptyPasswords yes\n"),
			[]string{"warning sshd-password-login /etc/ssh/sshd_config.d/50-x.conf:1 passwordauthentication yes"}},
		"in a Match block": {"ami", sshd(closed + "Match User deploy\n  PasswordAuthentication yes\nMatch all\nPermitEmptyPasswords yes\n"), []string{
			"warning sshd-password-login /etc/ssh/sshd_config:4 passwordauthentication yes for Match User deploy",
			"error sshd-empty-passwords /etc/ssh/sshd_config:6 permitemptypasswords yes"}},
		"Match does not leave its file": {"ami", sshd("Include x\n"+closed+"PermitRootLogin yes\n", "etc/ssh/x", "Match User a\nPermitRootLogin no\n"), []string{
			"warning sshd-permits-root /etc/ssh/sshd_config:4 permitrootlogin yes"}},
		"PAM asks": {"ami", sshd("PasswordAuthentication no\nChallengeResponseAuthentication yes\nUsePAM yes\n"), []string{
			"warning sshd-password-login /etc/ssh/sshd_config:2 challengeresponseauthentication yes"}},
		"two factors":     {"ami", sshd("PasswordAuthentication yes\nAuthenticationMethods publickey,password\n"), nil},
		"one of two ways": {"ami", sshd("PasswordAuthentication yes\nAuthenticationMethods publickey password\n"), []string{"warning sshd-password-login /etc/ssh/sshd_config:1 passwordauthentication yes"}},
		"on the commandline": {"ami", sshd(closed, "etc/default/ssh", "SSHD_OPTS=\"-4 -o PasswordAuthentication=yes\"\n"), []string{
			"warning sshd-password-login /etc/default/ssh:1 PasswordAuthentication yes"}},
		"another file": {"ami", sshd(closed, "etc/systemd/system/ssh.service.d/x.conf", "[Service]\nExecStart=\nExecStart=/usr/sbin/sshd -D -f /etc/my\n", "etc/my", "PermitRootLogin yes\n"), []string{
			"warning sshd-permits-root /etc/my:1 permitrootlogin yes"}},
		"SUSE": {"ami", map[string]string{"etc/passwd": noPasswords, "etc/shadow": noHashes, "usr/etc/ssh/sshd_config": "PermitRootLogin yes\n"}, []string{
			"warning sshd-permits-root /usr/etc/ssh/sshd_config:1 permitrootlogin yes"}},
		"a host key elsewhere": {"ami", sshd("HostKey /etc/ssh/ssh_host_rsa_key\nHostKey /srv/key\nHostKey /srv/none\n", "srv/key", "x", "etc/ssh/ssh_host_rsa_key", "x"), []string{
			"error sshd-host-key /srv/key:0 /etc/ssh/sshd_config:2 names it"}},
		"includes that go round": {"ami", sshd("Include sshd_config\n"), []string{"unknown /etc/ssh/sshd_config:0"}},
	} {
		t.Run(name, func(t *testing.T) {
			for i, f := range c.findings {
				c.findings[i] = strings.Replace(f, " PasswordAuthentication yes", " passwordauthentication yes", 1)
			}
			want(t, c.profile, c.files, c.findings...)
		})
	}
}

// sshd's default is yes: that counts where some account has a password.
func TestPasswordsThatReachSSHD(t *testing.T) {
	files := sshd("UsePAM yes\n")
	files["etc/shadow"] = "root:*:::::::\nadmin:" + sha512Other + ":::::::\n"
	want(t, "ami", files,
		"warning account-password /etc/shadow:2 admin",
		"warning sshd-password-login /usr/sbin/sshd:0 nothing says no, and there are accounts with passwords")
}

const (
	ed25519Key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
	keyPrint   = "ssh-ed25519 SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"
)

func TestAuthorizedKeys(t *testing.T) {
	files := sshd("AuthorizedKeysFile %h/.ssh/authorized_keys /etc/ssh/keys/%u \"/etc/ssh/all keys\"\nMatch User x\nAuthorizedKeysFile /etc/x/%U\n",
		"home/admin/.ssh/authorized_keys", "# mine\n\n"+ed25519Key+" admin@example\ncert-authority "+ed25519Key+"\nno-pty,command=\"echo no\" "+ed25519Key+"\nssh-rsa nonsense\n",
		"root/.ssh/authorized_keys2", ed25519Key+"\n", // not named by the configuration
		"etc/ssh/keys/root", ed25519Key+"\n",
		"etc/ssh/keys/nobody-here", ed25519Key+"\n",
		"etc/ssh/all keys", ed25519Key+"\n",
		"etc/x/1000", ed25519Key+"\n",
	)
	want(t, "ami", files,
		"error login-keys /home/admin/.ssh/authorized_keys:3 sshd accepts the key "+keyPrint,
		"error login-keys /home/admin/.ssh/authorized_keys:4 sshd accepts every key that is signed by "+keyPrint,
		"error login-keys /home/admin/.ssh/authorized_keys:5 sshd accepts the key "+keyPrint,
		"unknown /home/admin/.ssh/authorized_keys:6",
		"error login-keys /etc/ssh/keys/root:1 sshd accepts the key "+keyPrint,
		"error login-keys /etc/ssh/all keys:1 sshd accepts the key "+keyPrint,
		"error login-keys /etc/x/1000:1 sshd accepts the key "+keyPrint,
	)
	found, _ := Look(context.Background(), treetest.Open(t, files), "ami")
	for _, f := range found {
		if strings.Contains(f.Message, "admin@example") {
			t.Error("the comment of a key is printed: it names a person")
		}
	}
}
