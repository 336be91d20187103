package laststage

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestUnitFile lets systemd itself read the unit that is armed. What it does is tried in e2e.
func TestUnitFile(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Fatalf("%v: install the package systemd", err)
	}
	odd := `/srv/a b/"q" %n $HOME \ ;`
	text := armed([]string{"/bin/true", "--keep", odd}, []string{"ssh.service", Unit, "init.scope", "systemd-journald.service", "ssh.service"}, []string{"/", "/srv/my data"}, 15*time.Minute)
	dir := t.TempDir()
	for name, text := range map[string]string{Unit: text, "disarmed.service": disarmed} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		// It warns of what it does not know, and exits with 0 all the same.
		if out, err := exec.Command("systemd-analyze", "verify", "--man=no", file).CombinedOutput(); err != nil || strings.Contains(string(out), dir) {
			t.Errorf("%v\n%s\n%s", err, out, text)
		}
	}
	for _, want := range []string{"\nTimeoutStopSec=900\n", "\nAfter=-.mount\n", `After=srv-my\x20data.mount`, "\nBefore=ssh.service\n", "\nBefore=auditd.service\n", `"--keep" "/srv/a b/\"q\" %%n $HOME \\ ;"`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
	for _, never := range []string{"Before=" + Unit, "Before=init.scope", "journald", "Requires", "Conflicts=shutdown.target"} {
		if strings.Contains(text, never) {
			t.Errorf("%q in:\n%s", never, text)
		}
	}
	if strings.Contains(disarmed, "ExecStop") {
		t.Error("stopping what is disarmed does something")
	}
}
