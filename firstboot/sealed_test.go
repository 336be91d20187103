package firstboot

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/leaven-dev/leaven/internal/rootfs"
	"github.com/leaven-dev/leaven/internal/seal"
)

// What changes a tree after it was sealed is named, whether a file is new, written to in place, replaced, or got another mode.
// The change times are real ones, so this takes as long as changes of one shutdown may lie apart, twice.
func TestTouchedSince(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		full := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{
		"etc/sudoers.d/README", "etc/environment", "etc/ssh/sshd_config", "etc/passwd", "usr/sbin/sshd", "usr/bin/tool", "var/lib/dpkg/status",
		"home/ann/.bashrc", "home/ann/.ssh/authorized_keys", "root/.profile", "usr/local/bin/agent", "srv/data", "var/log/app.log",
	} {
		write(name, "x")
	}
	root, err := rootfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	proof := seal.Seal{Schema: seal.Schema, Time: time.Now().UTC().Truncate(time.Second)}
	if err := seal.Write(root, proof); err != nil {
		t.Fatal(err)
	}
	time.Sleep(slack + 200*time.Millisecond)
	if touched, err := touchedSince(root, proof); err != nil || len(touched) > 0 {
		t.Errorf("of a tree that nobody touched: %q, %v", touched, err)
	}
	write("etc/sudoers.d/README", "ann ALL=(ALL) NOPASSWD: ALL") // in place: the folder does not change
	write("usr/local/bin/agent", "y")
	write("home/ann/.ssh/authorized_keys", "ssh-ed25519 AAAA")
	write("usr/sbin/sshd", "y")
	write("srv/data", "is nobody's way in")
	write("root/new\nline", "")
	if err := os.Chmod(filepath.Join(dir, "etc/environment"), 0o666); err != nil {
		t.Fatal(err)
	}
	time.Sleep(slack + 200*time.Millisecond)
	want := []string{"/etc/environment", "/etc/sudoers.d/README", "/home/ann/.ssh/authorized_keys", "/root", `/root/new\nline`, "and 2 more"}
	touched, err := touchedSince(root, proof)
	if diff := cmp.Diff(want, touched); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}

	// Whoever edits the proof, or copies the tree file by file, makes all change times new.
	proof.Time = proof.Time.Add(-time.Hour)
	if touched, err := touchedSince(root, proof); err != nil || len(touched) != 1 || touched[0][:len(seal.Path)] != seal.Path {
		t.Errorf("a proof that is younger than it says: %q, %v", touched, err)
	}
}
