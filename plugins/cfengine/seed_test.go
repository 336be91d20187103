package cfengine

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/leaven-dev/leaven/firstboot"
	"github.com/leaven-dev/leaven/internal/rootfs"
)

// hubHost is a tree with the package's policy and an empty masterfiles.
func hubHost(t *testing.T) (*host, string) {
	t.Helper()
	dir := t.TempDir()
	l := layouts()[0]
	for name, text := range map[string]string{
		"promises.cf": "the policy", "update.cf": "updates", "lib/3.21/a.cf": "a",
		"controls/update_def.cf": `string => ifelse( "am_policy_hub", "/usr/share/cfengine3/masterfiles",` + "\n",
	} {
		write(t, filepath.Join(dir, l.packaged, name), text)
	}
	if err := os.MkdirAll(filepath.Join(dir, l.masterfiles()), 0o755); err != nil {
		t.Fatal(err)
	}
	root, err := rootfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return &host{
		firstboot.Env{Root: root, Live: true, Instance: firstboot.Instance{ID: "i-0"}},
		&Settings{Role: hub, ACL: []string{"10.0.0.0/8"}, Shared: true, KeyBits: 2048}, l,
	}, filepath.Join(dir, l.masterfiles())
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func content(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// seeded fails unless the policy is whole and cured.
func seeded(t *testing.T, masterfiles string) {
	t.Helper()
	for name, want := range map[string]string{"promises.cf": "the policy", "update.cf": "updates", "lib/3.21/a.cf": "a"} {
		if got := content(t, filepath.Join(masterfiles, name)); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	if got := content(t, filepath.Join(masterfiles, "controls/update_def.cf")); strings.Contains(got, "/usr/share") || !strings.Contains(got, `"am_policy_hub", "$(sys.masterdir)",`) {
		t.Errorf("Debian's update path is not cured: %s", got)
	}
	var def struct{ Variables map[string][]string }
	if err := json.Unmarshal([]byte(content(t, filepath.Join(masterfiles, "def.json"))), &def); err != nil {
		t.Fatal(err)
	}
	if acl, from := def.Variables["default:def.acl"], def.Variables["default:def.trustkeysfrom"]; len(acl) != 1 || len(from) != 1 || acl[0] != "10.0.0.0/8" || from[0] != acl[0] {
		t.Errorf("def.json: %v", def)
	}
}

func TestSeed(t *testing.T) {
	h, masterfiles := hubHost(t)
	if err := h.seed(t.Context()); err != nil {
		t.Fatal(err)
	}
	seeded(t, masterfiles)
	// What is edited afterwards stays.
	write(t, filepath.Join(masterfiles, "def.json"), "mine")
	if err := h.seed(t.Context()); err != nil || content(t, filepath.Join(masterfiles, "def.json")) != "mine" {
		t.Errorf("a second seeding changes the policy: %v", err)
	}
}

func TestSeedByManyAtOnce(t *testing.T) {
	h, masterfiles := hubHost(t)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if err := h.seed(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	seeded(t, masterfiles)
	if by := content(t, filepath.Join(masterfiles, seedLock)); strings.Count(by, "filled by") != 1 {
		t.Errorf("filled more than once: %q", by)
	}
}

// One that was cut off leaves the lock's file, empty, and a part of the files.
func TestSeedGoesOn(t *testing.T) {
	h, masterfiles := hubHost(t)
	write(t, filepath.Join(masterfiles, seedLock), "")
	write(t, filepath.Join(masterfiles, "update.cf"), "upd")
	write(t, filepath.Join(masterfiles, "controls/update_def.cf"), "")
	if err := h.seed(t.Context()); err != nil {
		t.Fatal(err)
	}
	seeded(t, masterfiles)
}

func TestSeedRefusesSomebodysFiles(t *testing.T) {
	h, masterfiles := hubHost(t)
	write(t, filepath.Join(masterfiles, "services/main.cf"), "mine")
	for range 2 { // the refusal itself must not look like a seeding that was cut off
		if err := h.seed(t.Context()); err == nil || !strings.Contains(err.Error(), "has services and no promises.cf") {
			t.Errorf("%v", err)
		}
	}
	if entries, err := os.ReadDir(masterfiles); err != nil || len(entries) != 1 {
		t.Errorf("%v %v", entries, err)
	}
}

func TestUpdatePathOfAForeignPolicy(t *testing.T) {
	h, masterfiles := hubHost(t)
	write(t, filepath.Join(masterfiles, "controls/update_def.cf"), content(t, filepath.Join(h.Root.Dir(), h.layout.packaged, "controls/update_def.cf")))
	if stale, err := h.updatesFromPackage(); err != nil || !stale {
		t.Fatalf("%v %v", stale, err)
	}
	if err := h.updateFromMasterfiles(); err != nil {
		t.Fatal(err)
	}
	if stale, err := h.updatesFromPackage(); err != nil || stale {
		t.Errorf("%v %v", stale, err)
	}
	own := filepath.Join(h.Root.Dir(), h.hostSpecific())
	if text := content(t, own); !strings.Contains(text, `"/var/lib/cfengine3/masterfiles"`) {
		t.Error(text)
	}
	write(t, own, `{"variables":{}}`)
	if err := h.updateFromMasterfiles(); err == nil || content(t, own) != `{"variables":{}}` {
		t.Errorf("somebody's file: %v", err)
	}
}
