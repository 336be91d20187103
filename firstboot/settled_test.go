package firstboot

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/internal/journal"
	"github.com/leaven-dev/leaven/internal/rootfs"
	"github.com/leaven-dev/leaven/internal/schema"
)

// settle brings an instance up and reads it as a service does that is started later.
func settle(t *testing.T, dir string, parts func() []Part) (*Settled, error) {
	t.Helper()
	a := &Agent{Root: open(t, dir), Version: "test", Log: func(journal.Entry) {}, Parts: parts, Outside: &Outside{}}
	return a.Settled(t.Context())
}

func TestSettled(t *testing.T) {
	dir := instance(t, "i-00000001")
	if s, err := settle(t, dir, nil); err == nil {
		t.Fatalf("before first boot: %+v", s.Env())
	}
	write(t, dir, "etc/leaven/firstboot.yaml", "network: {metadata: \"on\"}\nacme: {name: \"${instance.zone}\"}\nleave: {on: [spot]}\nrun: [{name: x, command: \"true\", after: [config], network: true}]\n")
	runStages(dir, Identity)
	write(t, dir, launchFile("i-00000001"), `{"schema":"leaven/launch/1","values":{"instance.zone":"eu-central-1a"},"user_data":{"where":"user data","text":"leave: {drain: 7s}\n"}}`)
	type section struct {
		Name string `key:"name"`
	}
	s, err := settle(t, dir, func() []Part {
		own := &section{}
		return []Part{{
			Section: schema.Section{Name: "acme", Into: own},
			Probes:  func(Env) []Probe { return []Probe{{Name: own.Name}} },
			Leave:   func(e Env) []Step { return []Step{{ID: "leave-" + e.Instance.ID}} },
		}, {}}
	})
	if err != nil {
		t.Fatal(err)
	}
	env := s.Env()
	if env.Instance.ID != "i-00000001" || env.Config.Leave.Drain != 7*time.Second || !slices.Equal(env.Config.Leave.On, []string{"spot"}) || !env.Live {
		t.Errorf("%+v", env)
	}
	if p := s.Probes(); len(p) != 1 || p[0].Name != "eu-central-1a" {
		t.Errorf("probes: %+v", p)
	}
	if l := s.LeaveSteps(); len(l) != 1 || l[0].ID != "leave-i-00000001" {
		t.Errorf("leave steps: %+v", l)
	}

	write(t, dir, "etc/leaven/firstboot.yaml", "leave: {onn: [spot]}\n")
	if s, err := settle(t, dir, nil); err == nil || !strings.Contains(err.Error(), "onn") {
		t.Errorf("with a mistake in the configuration: %+v, %v", s, err)
	}
}

func TestLeaveSteps(t *testing.T) {
	dir := instance(t, "i-00000001")
	runStages(dir, Identity)
	state := read(t, dir, stateFile("i-00000001"))
	var mu sync.Mutex
	var did []string
	does := func(id string, after ...string) Step {
		return Step{ID: id, Title: id, After: after, Policy: Degrade, Apply: func(context.Context) error {
			mu.Lock()
			defer mu.Unlock()
			did = append(did, id)
			return nil
		}}
	}
	bad, hangs := does("bad"), does("hangs")
	bad.Apply = func(context.Context) error { return errors.New("no") }
	hangs.Apply = func(context.Context) error { select {} }
	s, err := settle(t, dir, func() []Part {
		return []Part{
			{Leave: func(Env) []Step { return []Step{does("b", "a"), hangs, does("d", "hangs")} }},
			{Leave: func(Env) []Step { return []Step{does("a"), bad, does("c", "bad")} }},
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	records := filepath.Join(dir, "run/leaven/leave")
	if err := os.MkdirAll(records, 0o755); err != nil {
		t.Fatal(err)
	}
	root, err := rootfs.Open(records)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for range 2 { // what is done stays done
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		steps, err := s.Leave(ctx, root)
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]Result{}
		for _, rec := range steps {
			got[rec.ID] = rec.Result
			if rec.Stage != Leaving {
				t.Errorf("%s is of stage %s", rec.ID, rec.Stage)
			}
		}
		for id, want := range map[string]Result{"a": OK, "b": OK, "bad": Failed, "c": Blocked, "hangs": Failed, "d": Blocked} {
			if got[id] != want {
				t.Errorf("%s is %s, want %s", id, got[id], want)
			}
		}
	}
	if !slices.Equal(did, []string{"a", "b"}) {
		t.Errorf("done: %q", did)
	}
	if now := read(t, dir, stateFile("i-00000001")); now != state {
		t.Errorf("first boot's records have changed:\n%s", now)
	}
}
