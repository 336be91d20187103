package keys

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// keygen runs the real ssh-keygen, which knows best.
func keygen(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("ssh-keygen", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("cannot run ssh-keygen %q (package openssh-client): %v\n%s", args, err, out)
	}
	return strings.TrimSuffix(string(out), "\n")
}

func TestListAgreesWithSSHKeygen(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "etc/ssh/sshd_config", "")
	mustMake(t, dir, "i-00000001")
	ssh := filepath.Join(dir, "etc/ssh")
	keygen(t, "-q", "-t", "rsa", "-b", "2048", "-N", "", "-C", "two words", "-f", filepath.Join(ssh, "ssh_host_rsa_key"))
	keygen(t, "-q", "-t", "ecdsa", "-b", "384", "-N", "", "-C", "", "-f", filepath.Join(ssh, "ssh_host_other_key"))
	list, err := List(open(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 4 {
		t.Fatalf("the list is %v, want four keys", list)
	}
	for _, k := range list {
		private := filepath.Join(ssh, k.File)
		if got, want := k.String(), keygen(t, "-l", "-f", private+".pub"); got != want {
			t.Errorf("%s: line is %q, ssh-keygen -l says %q", k.File, got, want)
		}
		// The private half opens, belongs to the public one, and has the comment too.
		if got, want := strings.TrimSpace(k.Public+" "+k.Comment), keygen(t, "-y", "-f", private); got != want {
			t.Errorf("%s: public key is %q, ssh-keygen -y says %q", k.File, got, want)
		}
	}
}

func TestListSaysWhatItCannotRead(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "etc/ssh/sshd_config", "")
	mustMake(t, dir, "i-00000001")
	write(t, dir, "etc/ssh/ssh_host_rsa_key.pub", "no key")
	list, err := List(open(t, dir))
	if len(list) != 2 || err == nil || !strings.Contains(err.Error(), "ssh_host_rsa_key.pub") {
		t.Errorf("list has %d keys and error is %v, want two and an error that names ssh_host_rsa_key.pub", len(list), err)
	}
}

func TestIsHostKey(t *testing.T) {
	for name, want := range map[string]bool{
		"ssh_host_rsa_key": true, "ssh_host_rsa_key.pub": true, "ssh_host_ed25519_key-cert.pub": true, "ssh_host_key": true,
		"ssh_host_ecdsa_key.dpkg-old": true, "ssh_host_ed25519_sk_key": true, "db01_host_ed25519_key": true,
		"db01_host_rsa_key-cert.pub": true, "sshd_config": false, "moduli": false, "ssh_config": false, "ssh_known_hosts": false,
	} {
		if got := IsHostKey(name); got != want {
			t.Errorf("IsHostKey(%q) is %v, want %v", name, got, want)
		}
	}
}

// The block as cloud-init's tools/write-ssh-key-fingerprints prints it; tools parse it.
func TestBlock(t *testing.T) {
	list := []HostKey{
		{Type: "ecdsa-sha2-nistp256", Bits: 256, Fingerprint: "SHA256:abc", Public: "ecdsa-sha2-nistp256 AAAAE2", Comment: "root@host"},
		{Type: "ssh-ed25519", Bits: 256, Fingerprint: "SHA256:def", Public: "ssh-ed25519 AAAAC3", Comment: "root@host"},
	}
	want, err := os.ReadFile("testdata/block.txt")
	if err != nil {
		t.Fatal(err)
	}
	got := Block(list, time.Date(2026, 2, 8, 12, 42, 13, 0, time.UTC))
	if diff := cmp.Diff("\n"+string(want), string(got)); diff != "" {
		t.Error(diff)
	}
}
