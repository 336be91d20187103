package firstboot

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/leaven-dev/leaven/internal/crashtest"
	"github.com/leaven-dev/leaven/internal/rootfs"
)

// A kill before any system call that changes something, and another boot: the same good state, whatever was cut off. What sshd
// could have shown in between did not change.
func TestKilledAtEveryCall(t *testing.T) {
	t.Setenv("TMPDIR", "/dev/shm") // a kill loses nothing that was written, so syncing would only take time
	const id = "i-0123456789abcdef0"
	want := []string{
		"var/lib/leaven/current", "var/lib/leaven/host-keys.json",
		"var/lib/leaven/" + id + "/events.jsonl", "var/lib/leaven/" + id + "/state.json", "var/lib/leaven/seal.json",
	}
	n := 0
	for ; ; n++ {
		dir := instance(t, id)
		err := crashtest.KillAt(killable(t, dir), n)
		if err == nil {
			break
		}
		if !errors.Is(err, crashtest.ErrKilled) {
			t.Fatal(err)
		}
		keysBefore := hostKeys(t, dir)
		reboot(t, dir, "2")
		if sum := runStages(dir, Identity, Provision); sum.Result != OK || sum.Instance != id {
			t.Fatalf("killed at call %d: the next boot says: %v", n, sum)
		}
		if left := names(t, dir, "var"); !slices.Equal(left, want) {
			t.Fatalf("killed at call %d: the records are %q, want %q", n, left, want)
		}
		for _, name := range names(t, dir, "etc") {
			if strings.Contains(name, ".leaven-") {
				t.Fatalf("killed at call %d: %s is left behind", n, name)
			}
		}
		keys := hostKeys(t, dir)
		for name, key := range keysBefore {
			if !strings.Contains(key, "baked") && keys[name] != key {
				t.Fatalf("killed at call %d: %s was published and changed", n, name)
			}
		}
		if len(keys) != 4 {
			t.Fatalf("killed at call %d: /etc/ssh holds %d key files, want 4", n, len(keys))
		}
		for line := range strings.Lines(read(t, dir, "var/lib/leaven/current/events.jsonl")) {
			if !json.Valid([]byte(line)) {
				t.Fatalf("killed at call %d: the timeline has the line %q", n, line)
			}
		}
		root := open(t, dir)
		state, err := loadState(root, id)
		if err != nil {
			t.Fatalf("killed at call %d: %v", n, err)
		}
		for _, s := range state.Steps {
			if s.Result != OK || s.Done.IsZero() || s.Boot != "boot-2" {
				t.Fatalf("killed at call %d: step %s is %+v", n, s.ID, s)
			}
		}
	}
	if n < 80 {
		t.Fatalf("only %d calls were seen; a first boot takes more", n)
	}
	t.Logf("killed at each of %d calls", n)
}

func hostKeys(t *testing.T, dir string) map[string]string {
	t.Helper()
	keys := map[string]string{}
	for _, name := range names(t, dir, "etc/ssh") {
		if strings.Contains(name, "ssh_host_") {
			keys[name] = read(t, dir, name)
		}
	}
	return keys
}

func open(t *testing.T, dir string) *rootfs.Root {
	t.Helper()
	root, err := rootfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root
}
