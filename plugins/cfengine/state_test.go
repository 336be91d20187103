package cfengine

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestState(t *testing.T) {
	h, _ := hubHost(t)
	step := h.stateStep()
	if v, err := step.Check(t.Context()); err != nil || v.OK {
		t.Fatalf("a sealed image: %+v %v", v, err)
	}
	if err := step.Apply(t.Context()); err != nil {
		t.Fatal(err)
	}
	// From then on what is there is this instance's own.
	write(t, filepath.Join(h.Root.Dir(), h.layout.in("policy_server.dat")), "10.0.0.1\n")
	if v, err := step.Check(t.Context()); err != nil || !v.OK {
		t.Errorf("its own state: %+v %v", v, err)
	}
	// A clone of it is another instance.
	h.Instance.ID = "i-1"
	if _, err := step.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "policy_server.dat") {
		t.Errorf("a clone: %v", err)
	}
	// A damaged record is no first boot.
	write(t, filepath.Join(h.Root.Dir(), recordFile("i-1")), "{")
	if _, err := step.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "cannot read what was done") {
		t.Errorf("a damaged record: %v", err)
	}
}

// A key in the image is every clone's; on a hub it may be the share's.
func TestBakedKey(t *testing.T) {
	h, _ := hubHost(t)
	write(t, filepath.Join(h.Root.Dir(), h.layout.in("ppkeys/localhost.priv")), "key")
	if _, err := h.stateStep().Check(t.Context()); err != nil {
		t.Errorf("a hub on a share: %v", err)
	}
	h.Role = client
	if _, err := h.stateStep().Check(t.Context()); err == nil || !strings.Contains(err.Error(), "localhost.priv") {
		t.Errorf("a client: %v", err)
	}
}

func TestNothingIsDoneInATree(t *testing.T) {
	for _, role := range []string{hub, client, deployer} {
		h, _ := hubHost(t)
		h.Role, h.Live = role, false
		for _, s := range h.steps() {
			if _, err := s.Check(t.Context()); err == nil || s.Foresee == "" {
				t.Errorf("%s: %v", s.ID, err)
			}
		}
	}
}
