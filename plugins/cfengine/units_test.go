package cfengine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The daemons of both layouts need the mounts before first boot gives the hub a key and bootstraps it, and stay without them at later
// boots whatever Leaven does: systemd reads the drop-ins.
func TestUnits(t *testing.T) {
	bin := t.TempDir()
	t.Setenv("PATH", bin)
	script(t, filepath.Join(bin, "systemctl"), `echo "$@" >>"`+bin+`/log"`)
	for _, l := range layouts() {
		h, _ := hubHost(t)
		h.layout = l
		step := h.unitsStep()
		if v, err := step.Check(t.Context()); err != nil || v.OK {
			t.Fatalf("%s: without drop-ins: %+v %v", l.work, v, err)
		}
		if err := step.Apply(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, unit := range []string{"cf-serverd", "cf-execd", "cf-monitord"} {
			text, err := os.ReadFile(filepath.Join(h.Root.Dir(), "etc/systemd/system", unit+".service.d/leaven-share.conf"))
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{
				"\n[Unit]\nRequiresMountsFor=" + l.work + "/ppkeys " + l.work + "/masterfiles\n",
				"\nAssertPathIsMountPoint=" + l.work + "/ppkeys\n", "\nAssertPathIsMountPoint=" + l.work + "/masterfiles\n",
			} {
				if !strings.Contains(string(text), want) {
					t.Errorf("%s: %s has no %q:\n%s", l.work, unit, want, text)
				}
			}
		}
		if v, err := step.Check(t.Context()); err != nil || !v.OK {
			t.Errorf("%s: with drop-ins: %+v %v", l.work, v, err)
		}
		order := map[string]int{}
		for i, s := range h.steps() {
			order[s.ID] = i
		}
		for _, later := range []string{"cfengine-key", "cfengine-bootstrap", "cfengine-serving"} {
			if order["cfengine-units"] >= order[later] || order["cfengine-share"] >= order["cfengine-units"] {
				t.Errorf("%s comes before the daemons need the mounts: %v", later, order)
			}
		}
	}
	log, err := os.ReadFile(filepath.Join(bin, "log"))
	if err != nil || strings.Count(string(log), "daemon-reload") != len(layouts()) {
		t.Errorf("systemd was told %q, %v", log, err)
	}
}

// A hub that keeps its folders to itself has no mounts to wait for.
func TestNoUnitsWithoutShare(t *testing.T) {
	h, _ := hubHost(t)
	h.Shared = false
	for _, s := range h.steps() {
		if s.ID == "cfengine-units" || s.ID == "cfengine-share" {
			t.Errorf("it has the step %s", s.ID)
		}
	}
}

func script(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}
