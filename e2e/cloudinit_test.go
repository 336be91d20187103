package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/leaven-dev/leaven/e2e/debroot"
	"github.com/leaven-dev/leaven/e2e/nspawn"
)

// TestBesideCloudInit boots an image that has cloud-init too: one of the two makes the host keys and prints the block, once.
func TestBesideCloudInit(t *testing.T) {
	pristine, err := debroot.Build(t.Context(), debroot.Container("bookworm").With("cloud-init"), t.Output())
	if err != nil {
		t.Fatal(err)
	}
	root := scratch(t) + "/root"
	if err := pristine.CopyTo(t.Context(), root); err != nil {
		t.Fatal(err)
	}
	baked := publicKeys(t, root)
	install(t, root)
	put(t, root, "var/lib/cloud/seed/nocloud/meta-data", "instance-id: iid-1\n", 0o644)
	put(t, root, "var/lib/cloud/seed/nocloud/user-data", "#cloud-config\nlocale: C.UTF-8\nruncmd: [[touch, /ran]]\n", 0o644)
	c := boot(t, nspawn.Config{Root: root})
	if out, err := c.Run(t.Context(), "cloud-init", "status", "--long"); err != nil || !strings.Contains(out, "status: done") || !there(t, root, "ran") {
		t.Fatalf("cloud-init did not do its work, so nothing is shown: %v\n%s", err, out)
	}
	keys := ownKeys(t, c, baked)
	if on := publicKeys(t, root); !slices.Equal(on, keys) {
		t.Errorf("in /etc/ssh are %q, sshd shows %q", on, keys)
	}
	if n := strings.Count(c.Console.Text(), "BEGIN SSH HOST KEY FINGERPRINTS"); n != 1 {
		t.Errorf("%d blocks of host keys on the console, want 1:\n%s", n, c.Console.Text())
	}
	if got := onConsole(c.Console.Text()); !slices.Equal(got, keys) {
		t.Errorf("the console tells of %q, sshd shows %q", got, keys)
	}
	run(t, c, "leaven", "status")
	off(t, c)
	c = boot(t, nspawn.Config{Root: root})
	if again := ownKeys(t, c, baked); !slices.Equal(again, keys) {
		t.Error("a reboot changed the host keys")
	}
	// cloud-init's own opinion of what Leaven tells it.
	run(t, c, "sh", "-c", "(echo '#cloud-config'; cat /etc/cloud/cloud.cfg.d/99-leaven.cfg) >/tmp/cfg; cloud-init schema --config-file /tmp/cfg")
}
