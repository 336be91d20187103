package e2e

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/e2e/hubs"
	"github.com/leaven-dev/leaven/firstboot"
	"github.com/leaven-dev/leaven/internal/rootfs"
	"github.com/leaven-dev/leaven/keys/publish"
)

// fleet is the hubs behind the balancer, and their clients.
type fleet struct {
	*policyNet
	image   string
	targets *hubs.Targets
	digest  string
	members []*hubs.Machine
	clients []*hubs.Machine
}

func newFleet(t *testing.T) *fleet {
	f := &fleet{policyNet: newPolicyNet(t), image: policyImage(t, "bookworm")}
	var err error
	if f.targets, err = f.Balance(t.Context()); err != nil {
		t.Fatal(err)
	}
	return f
}

// start boots a machine, which runs until the end of the whole test.
func (f *fleet) start(t *testing.T, userData string, mounts ...string) *hubs.Machine {
	t.Helper()
	m, err := f.New(f.t.Context(), f.image, userData, mounts...)
	if err == nil {
		err = m.Boot(f.t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// member boots a hub and puts it behind the balancer at once, as an Auto Scaling group does.
func (f *fleet) member(t *testing.T) *hubs.Machine {
	t.Helper()
	m := f.start(t, f.hub(), f.Mounts()...)
	f.register(t, m)
	f.members = append(f.members, m)
	return m
}

func (f *fleet) register(t *testing.T, m *hubs.Machine) {
	t.Helper()
	if err := f.targets.Register(t.Context(), m); err != nil {
		t.Fatal(err)
	}
}

func (f *fleet) deregister(t *testing.T, m *hubs.Machine) {
	t.Helper()
	if err := f.targets.Deregister(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	f.members = slices.DeleteFunc(f.members, func(other *hubs.Machine) bool { return other == m })
}

// await waits until the balancer finds a target healthy, or not.
func (f *fleet) await(t *testing.T, m *hubs.Machine, healthy bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := f.targets.Await(ctx, m, healthy); err != nil {
		t.Fatal(err)
	}
}

// up waits until first boot of a machine went well.
func up(t *testing.T, m *hubs.Machine) firstboot.Status {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	s, err := m.OK(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// watch has all clients run cf-agent in a loop during something. None of them may see another key or fail twice in a row. The
// function that during gets waits until each client has run so many times more.
func (f *fleet) watch(t *testing.T, during func(runs func(int))) {
	t.Helper()
	var watches []*hubs.Watch
	for _, c := range f.clients {
		w := c.Watch(t.Context(), 200*time.Millisecond)
		defer w.Stop()
		watches = append(watches, w)
	}
	during(func(more int) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		for _, w := range watches {
			if err := w.Await(ctx, more); err != nil {
				t.Fatalf("%s does not run any more: %v", w.Client.ID, err)
			}
		}
	})
	for _, w := range watches {
		runs := w.Stop()
		failed, longest := 0, time.Duration(0)
		for _, r := range runs {
			longest = max(longest, r.Took)
			if r.Failure != "" {
				failed++
				t.Logf("%s: at %s, after %v, to %s: %s", w.Client.ID, r.Began.UTC().Format(time.TimeOnly), r.Took, hubs.Answered(f.targets.Connections(), w.Client, r), r.Failure)
			}
		}
		t.Logf("%s: %d runs, %d failed, the longest took %v", w.Client.ID, len(runs), failed, longest)
		if most := hubs.InARow(runs); most > 1 {
			t.Errorf("%s failed %d times in a row", w.Client.ID, most)
		}
		if keys := hubs.Keys(runs); len(keys) != 1 || keys[0] != f.digest {
			t.Errorf("%s was shown the keys %q, the hubs' is %s", w.Client.ID, keys, f.digest)
		}
	}
}

// answered counts the connections that each target had since a moment.
func (f *fleet) answered(since time.Time) map[string]int {
	count := map[string]int{}
	for _, c := range f.targets.Connections() {
		if c.Began.After(since) {
			count[c.Target]++
		}
	}
	return count
}

// onePair checks that the share holds one whole pair, and nothing that somebody who lost left.
func (n *policyNet) onePair(t *testing.T, machines []*hubs.Machine) {
	t.Helper()
	root, err := rootfs.Open(n.Share)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	dir, err := root.OpenDir("/ppkeys")
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	key, err := publish.Pair{Private: "localhost.priv", Public: "localhost.pub", Bits: 2048}.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(filepath.Join(n.Share, "ppkeys"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if name := e.Name(); name != "localhost.priv" && name != "localhost.pub" && !strings.HasPrefix(name, "root-MD5=") {
			t.Errorf("in ppkeys is %s", name)
		}
	}
	for _, m := range machines {
		served, err := m.ServedKey(t.Context())
		for try := 0; err != nil && try < 20; try++ { // its daemons may be started anew, by its policy
			time.Sleep(500 * time.Millisecond)
			served, err = m.ServedKey(t.Context())
		}
		if err != nil || !served.Equal(&key.PublicKey) {
			t.Errorf("%s serves another key than the share's: %v", m.ID, err)
		}
	}
}
