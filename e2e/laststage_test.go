package e2e

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/leaven-dev/leaven/e2e/nspawn"
	"github.com/leaven-dev/leaven/internal/rootfs"
	"github.com/leaven-dev/leaven/internal/seal"
)

// TestLastStage seals a running system and shuts it down: what is written in between must be gone from the disk, and
// nothing may have been written after.
func TestLastStage(t *testing.T) {
	for _, suite := range []string{"bookworm", "trixie"} {
		t.Run(suite, func(t *testing.T) {
			root := copyRoot(t, suite)
			install(t, root)
			c := boot(t, nspawn.Config{Root: root})
			run(t, c, "sh", "-c", `
				logger a line after the build
				su - admin -c 'echo export SECRET=1 >~/.bash_history'
				echo left >/tmp/left; echo left >/var/tmp/left
				mkdir -p /home/admin/.aws; echo '[default]' >/home/admin/.aws/credentials`)
			run(t, c, "leaven", "bake", "--root", "/", "--stage", "live", "--last-stage")
			run(t, c, "sh", "-c", `logger a line after sealing; echo ls >/root/.bash_history; echo late >/tmp/late`)
			run(t, c, "leaven", "audit", "--root", "/") // pending findings do not fail
			before := snapshot(t, root)
			if err := c.Poweroff(t.Context()); err != nil {
				t.Fatal(err)
			}
			removed := difference(before, snapshot(t, root))
			t.Logf("what shutting down changed on the disk:\n%s", strings.Join(removed, "\n"))
			if again := writtenAfter(t, root, seal.Path); len(again) > 0 {
				t.Errorf("written after the last stage: %s", again)
			}
			for _, line := range removed {
				if path, added := strings.CutPrefix(line, "+ "); added && path != seal.Path && path != "/var/lib/leaven" {
					t.Errorf("shutting down left %s", path)
				}
			}
			cleanOffline(t, root)
			for _, gone := range []string{"/var/lib/systemd/random-seed", "/tmp/late", "/tmp/left", "/root/.bash_history", "/home/admin/.aws"} {
				if there(t, root, gone) {
					t.Errorf("%s is still in the image", gone)
				}
			}
			if left, _ := filepath.Glob(filepath.Join(root, "var/log/journal/*")); len(left) > 0 {
				t.Errorf("journals in the image: %v", left)
			}
		})
	}
}

// cleanOffline audits a tree whose system was shut down, and reads its proof.
func cleanOffline(t *testing.T, root string) {
	t.Helper()
	if text, code := leaven(t, "audit", "--root", root); code != 0 {
		t.Errorf("audit of the image exits %d:\n%s", code, text)
	}
	r, err := rootfs.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	proof, err := seal.Read(r)
	if err != nil {
		t.Fatal(err)
	}
	if proof.Stage != "shutdown" || len(proof.Left) > 0 || len(proof.Rules) == 0 {
		t.Errorf("proof: %+v", proof)
	}
}
