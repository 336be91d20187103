package firstboot

import (
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkIdentity runs the identity stage of a first boot in a tree, with all that sshd waits for: two host keys, the records,
// and an fsync for each file. What whole programs cost in whole boots, beside their peers, is in e2e/bench.
func BenchmarkIdentity(b *testing.B) { benchmarkStages(b, false) }

// BenchmarkReboot runs it where all is done already, as each later boot does.
func BenchmarkReboot(b *testing.B) { benchmarkStages(b, true) }

func benchmarkStages(b *testing.B, again bool) {
	dir := filepath.Join(b.TempDir(), "root")
	stage := func() {
		if sum := runStages(dir, Identity); sum.Result != OK {
			b.Fatal(sum)
		}
	}
	for b.Loop() {
		b.StopTimer()
		newTree(b, dir)
		if again {
			stage()
			plant(b, dir, "proc/sys/kernel/random/boot_id", "boot-2\n")
			if err := os.RemoveAll(filepath.Join(dir, "run")); err != nil {
				b.Fatal(err)
			}
		}
		b.StartTimer()
		stage()
	}
}

// newTree makes the tree anew as that of an instance of a golden image at its first boot.
func newTree(b *testing.B, dir string) {
	b.Helper()
	if err := os.RemoveAll(dir); err != nil {
		b.Fatal(err)
	}
	for name, text := range map[string]string{
		"etc/ssh/sshd_config":              "",
		"etc/hosts":                        "127.0.0.1 localhost\n",
		"etc/machine-id":                   "0123456789abcdef0123456789abcdef\n",
		"sys/class/dmi/id/sys_vendor":      "Amazon EC2\n",
		"sys/class/dmi/id/board_asset_tag": "i-00000001\n",
		"proc/sys/kernel/random/boot_id":   "boot-1\n",
	} {
		plant(b, dir, name, text)
	}
}

func plant(b *testing.B, dir, name, text string) {
	b.Helper()
	name = filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		b.Fatal(err)
	}
}
