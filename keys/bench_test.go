package keys

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// BenchmarkGenerate is what first boot does for its host keys, without the disk.
func BenchmarkGenerate(b *testing.B) {
	for b.Loop() {
		if _, err := generate("root@host"); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMake is the same with every fsync.
func BenchmarkMake(b *testing.B) {
	dir := b.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "etc/ssh"), 0o755); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "etc/ssh/sshd_config"), nil, 0o644); err != nil {
		b.Fatal(err)
	}
	for i := 0; b.Loop(); i++ {
		// Two ids in turn: each run finds the other's keys and makes new ones.
		if err := makeKeys(dir, []string{"i-00000001", "i-00000002"}[i%2]); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSSHKeygen is what distributions do instead: `ssh-keygen -A`, RSA included.
func BenchmarkSSHKeygen(b *testing.B) {
	for b.Loop() {
		dir := b.TempDir()
		if err := os.MkdirAll(filepath.Join(dir, "etc/ssh"), 0o755); err != nil {
			b.Fatal(err)
		}
		if out, err := exec.Command("ssh-keygen", "-A", "-f", dir).CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
	}
}
