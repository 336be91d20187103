package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/leaven-dev/leaven/e2e/nspawn"
)

// TestInstallLive installs on a running system, as the Packer provisioner does, and takes it out again. Nothing may be started or
// stopped by either.
func TestInstallLive(t *testing.T) {
	root := copyRoot(t, "bookworm")
	baked := publicKeys(t, root)
	c := boot(t, nspawn.Config{Root: root, Binds: []string{binary(t, "leaven") + ":/run/upload"}})
	if out, err := c.Run(t.Context(), "/run/upload", "install"); err == nil {
		t.Fatalf("it installs on a running system that nobody named:\n%s", out)
	}
	run(t, c, "/run/upload", "install", "--root", "/")
	for unit, want := range map[string]string{
		"leaven-identity.service":  "ActiveState=inactive NeedDaemonReload=no UnitFileState=enabled",
		"leaven-firstboot.service": "ActiveState=inactive NeedDaemonReload=no UnitFileState=enabled",
		"ssh.service":              "ActiveState=active NeedDaemonReload=no UnitFileState=enabled",
	} {
		out := strings.Fields(run(t, c, "systemctl", "show", "-p", "ActiveState,UnitFileState,NeedDaemonReload", unit))
		slices.Sort(out)
		if got := strings.Join(out, " "); got != want {
			t.Errorf("%s is %q, want %q", unit, got, want)
		}
	}
	if keys := scan(t, c); !slices.Equal(keys, baked) {
		t.Errorf("installing changed what sshd shows: %q", keys)
	}
	run(t, c, "leaven", "uninstall", "--root", "/")
	if out := run(t, c, "sh", "-c", "find / -xdev -name '*leaven*' -not -path '/proc/*' -not -path '/run/*'"); out != "" {
		t.Errorf("left behind: %s", out)
	}
	run(t, c, "systemctl", "restart", "ssh.service")
	if keys := scan(t, c); !slices.Equal(keys, baked) {
		t.Errorf("after it was taken out, sshd shows %q", keys)
	}
}
