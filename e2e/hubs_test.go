package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/e2e/hubs"
	"github.com/leaven-dev/leaven/firstboot"
	"github.com/leaven-dev/leaven/internal/rootfs"
	"github.com/leaven-dev/leaven/keys/publish"
)

// TestHubs follows the set-up of docs/cfengine-hubs.md with the user data that it shows: three hubs that boot together on an empty
// share, a balancer, five clients. Each part goes on with what the one before left.
func TestHubs(t *testing.T) {
	f := newFleet(t)
	t.Run("together", f.together)
	if !t.Run("boot", f.boot) {
		return
	}
	t.Run("a hub is lost", f.lost)
	t.Run("a hub hangs", f.hangs)
	t.Run("rolling replacement", f.replaced)
	t.Run("deployer", f.deployer)
	t.Run("balancer", f.balancer)
	t.Run("false hub", f.falseHub)
	t.Run("clone", f.clone)
}

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

// boot brings up three hubs at once, and five clients that know nobody but the balancer.
func (f *fleet) boot(t *testing.T) {
	for range 3 {
		f.member(t)
	}
	for _, m := range f.members {
		d := hubs.Digest(up(t, m))
		if f.digest == "" {
			f.digest = d
		}
		if d == "" || d != f.digest {
			t.Errorf("the hubs have the keys %q and %q", f.digest, d)
		}
	}
	f.onePair(t, f.members)
	for _, m := range f.members {
		f.await(t, m, true)
	}
	userData, err := f.ClientUserData(f.digest)
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		f.clients = append(f.clients, f.start(t, userData))
	}
	for _, c := range f.clients {
		up(t, c)
	}
}

// lost takes a hub away without a word while clients run.
func (f *fleet) lost(t *testing.T) {
	f.watch(t, func(runs func(int)) {
		began, hub := time.Now(), f.members[0]
		runs(3)
		if f.answered(began)[hub.Address] == 0 {
			t.Error("the hub that is to be lost has answered nobody: this test shows nothing")
		}
		if err := hub.Lose(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.await(t, hub, false)
		f.deregister(t, hub)
		runs(3)
	})
}

// hangs stops a cf-serverd: TCP still connects to it.
func (f *fleet) hangs(t *testing.T) {
	f.watch(t, func(runs func(int)) {
		hub := f.members[0]
		pid := run(t, hub.Container, "systemctl", "show", "--value", "--property=MainPID", "cf-serverd")
		run(t, hub.Container, "sh", "-c", "kill -STOP "+pid)
		f.await(t, hub, false)
		out := time.Now()
		runs(3)
		if n := f.answered(out)[hub.Address]; n > 0 {
			t.Errorf("the balancer gave %d connections to a hub that hangs", n)
		}
		run(t, hub.Container, "sh", "-c", "kill -CONT "+pid)
		f.await(t, hub, true)
		runs(1)
	})
}

// replaced replaces all hubs, one after another, by instances that start from the image. From then on no hub takes the key of a
// client that it does not know: what the new ones know, they know from the share.
func (f *fleet) replaced(t *testing.T) {
	def := string(content(t, f.Share, "masterfiles/def.json"))
	closed := strings.Replace(def, `"default:def.trustkeysfrom": [
      "10.0.0.0/8"
    ]`, `"default:def.trustkeysfrom": []`, 1)
	if closed == def {
		t.Fatalf("def.json is %s", def)
	}
	put(t, f.Share, "masterfiles/def.json", closed, 0o600)
	run(t, f.members[0].Container, "cf-promises", "-T", "/var/lib/cfengine3/masterfiles")
	places := append(slices.Clone(f.members), nil) // of the hub that was lost
	f.watch(t, func(runs func(int)) {
		for _, before := range places {
			m := f.member(t)
			if d := hubs.Digest(up(t, m)); d != f.digest {
				t.Errorf("a hub that replaces another has the key %s", d)
			}
			f.await(t, m, true)
			if before == nil {
				continue
			}
			f.deregister(t, before)
			if err := before.Lose(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		began := time.Now()
		runs(5)
		answered := f.answered(began)
		for _, m := range f.members {
			if answered[m.Address] == 0 {
				t.Errorf("%s, which replaces another hub, has answered nobody: %v", m.ID, answered)
			}
		}
	})
	f.onePair(t, f.members)
	// A client with a key that no hub has seen is turned away, or the above would show nothing.
	stranger := f.clients[0]
	run(t, stranger.Container, "sh", "-c", "cd /var/lib/cfengine3/ppkeys; mkdir /root/own; mv localhost.* /root/own; cf-key")
	if out, err := stranger.CFAgent(t.Context()); !strings.Contains(out, "No suitable server found") {
		t.Errorf("a client that the hubs do not know: %v: %s", err, out[max(0, len(out)-2000):])
	}
	run(t, stranger.Container, "sh", "-c", "mv /root/own/localhost.* /var/lib/cfengine3/ppkeys")
	put(t, f.Share, "masterfiles/def.json", def, 0o600)
	run(t, f.members[0].Container, "cf-promises", "-T", "/var/lib/cfengine3/masterfiles")
	for _, m := range f.members {
		run(t, m.Container, "sh", "-ec", "cf-agent -K -f update.cf; systemctl restart cf-serverd")
	}
}

// deployer edits the policy; a hub and a client get it.
func (f *fleet) deployer(t *testing.T) {
	userData, err := f.DeployerUserData()
	if err != nil {
		t.Fatal(err)
	}
	m := f.start(t, userData, f.Mounts("masterfiles")...)
	up(t, m)
	run(t, m.Container, "sh", "-euc", `cd /var/lib/cfengine3/masterfiles
		echo 'bundle agent edited { reports: "edited"; }' >services/edited.cf
		cf-promises -f /var/lib/cfengine3/masterfiles/promises.cf && cf-promises -T /var/lib/cfengine3/masterfiles`)
	hub, client := f.members[0].Container, f.clients[0].Container
	for _, c := range []struct {
		what string
		run  func(...string)
	}{
		{"the hub", func(args ...string) { run(t, hub, args...) }},
		{"the client", func(args ...string) { run(t, client, args...) }},
	} {
		c.run("cf-agent", "-K", "-f", "update.cf")
		c.run("grep", "-q", "edited", "/var/lib/cfengine3/inputs/services/edited.cf")
	}
	silentHub(t, m.Container)
	if text := run(t, m.Container, "ls", "-A", "/var/lib/cfengine3/ppkeys", "/var/lib/cfengine3/inputs"); text != "/var/lib/cfengine3/inputs:\n\n/var/lib/cfengine3/ppkeys:" {
		t.Errorf("the deployer has keys or a policy of its own: %s", text)
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
}

// again runs first boot by hand with more configuration than before, and takes that back.
func again(t *testing.T, m *hubs.Machine, more string) firstboot.Status {
	t.Helper()
	put(t, m.Config.Root, "etc/leaven/firstboot.d/more.yaml", more, 0o644)
	m.Container.Run(t.Context(), "leaven", "firstboot") // the status says how it went
	s, err := m.Status(t.Context())
	remove(t, m.Config.Root, "etc/leaven/firstboot.d/more.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// balancer has a hub look through the balancer, and point at it.
func (f *fleet) balancer(t *testing.T) {
	look := "cfengine: {balancer: " + hubs.Name + "}\n"
	m, others := f.members[0], slices.Clone(f.members[1:])
	if step := find(again(t, m, look), "cfengine-balancer"); step.Result != firstboot.OK || !strings.Contains(step.Message, f.digest+" in ") {
		t.Errorf("behind the balancer are the hubs: %+v", step)
	}
	for _, other := range others {
		f.deregister(t, other)
	}
	// A connection that comes back to its sender is dropped. That is no reason to call the hub a bad one.
	if step := find(again(t, m, look), "cfengine-balancer"); step.Result != firstboot.OK || !strings.Contains(step.Message, "nobody answers through it") {
		t.Errorf("behind the balancer is the hub itself: %+v", step)
	}
	for more, want := range map[string]string{
		"cfengine: {hub: " + hubs.Name + "}\n":         "a hub bootstraps against its own address",
		"cfengine: {address: " + hubs.Balancer + "}\n": "is no address of this host",
	} {
		s := again(t, m, more)
		if s.Result != firstboot.Failed || !strings.Contains(s.Verdict, want) {
			t.Errorf("%s%s", more, s.Verdict)
		}
	}
	run(t, m.Container, "leaven", "firstboot")
	f.onePair(t, []*hubs.Machine{m})
	if server := strings.TrimSpace(string(content(t, m.Config.Root, "var/lib/cfengine3/policy_server.dat"))); server != m.Address {
		t.Errorf("its policy server is %s", server)
	}
	for _, other := range others {
		f.register(t, other)
		f.members = append(f.members, other)
	}
}

// falseHub puts a hub behind the balancer that is another one: it serves, and has a key of its own.
func (f *fleet) falseHub(t *testing.T) {
	m := f.start(t, shebang+"cfengine: {role: hub, acl: [10.0.0.0/8], shared: false, key_bits: 3072}\nhealth: {listen: \"8088\"}\n")
	s := up(t, m)
	foreign := hubs.Digest(s)
	if key := find(s, "cfengine-key"); foreign == "" || foreign == f.digest || !strings.Contains(key.Message, foreign+", 3072 bits") {
		t.Fatalf("the false hub has the key %q: %+v", foreign, key)
	}
	hub, members := f.members[0], slices.Clone(f.members)
	for _, other := range members[1:] {
		f.deregister(t, other)
	}
	f.register(t, m)
	f.await(t, m, true)
	f.await(t, hub, true)
	s = again(t, hub, "cfengine: {balancer: "+hubs.Name+"}\n")
	if step := find(s, "cfengine-balancer"); s.Result != firstboot.Degraded || !strings.Contains(step.Message, foreign) || !strings.Contains(step.Message, "it is no hub of theirs") || step.Cure == "" {
		t.Errorf("a hub that looks: %s: %+v", s.Verdict, step)
	}
	run(t, hub.Container, "leaven", "firstboot")

	// Now it is alone.
	f.deregister(t, hub)
	userData, err := f.ClientUserData(f.digest)
	if err != nil {
		t.Fatal(err)
	}
	fresh := f.start(t, userData)
	s, err = fresh.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if step := find(s, "cfengine-pin"); s.Result != firstboot.Failed || !strings.Contains(step.Message, foreign) || !strings.Contains(step.Message, "it is no hub of theirs") {
		t.Errorf("a client that is new: %s: %+v", s.Verdict, step)
	}
	known := f.clients[0]
	if out, _ := known.CFAgent(t.Context()); !strings.Contains(out, "TRUST FAILED, server presented untrusted key: "+foreign) {
		t.Errorf("a client that is known: %s", out[max(0, len(out)-2000):])
	}
	for _, c := range []*hubs.Machine{fresh, known} {
		if keys := run(t, c.Container, "ls", "/var/lib/cfengine3/ppkeys"); strings.Contains(keys, foreign) {
			t.Errorf("%s trusts it: %s", c.ID, keys)
		}
	}
	f.deregister(t, m)
	for _, other := range members {
		f.register(t, other)
	}
	f.members = members
	for _, other := range members {
		f.await(t, other, true)
	}
	// With the hubs behind the balancer again, it goes on without a boot.
	run(t, fresh.Container, "leaven", "firstboot")
	for _, c := range []*hubs.Machine{fresh, m} {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}

// clone starts an instance from the disk of a client, keys and all, and from the same disk when it was sealed. It is given the hubs' key
// itself, not the digest.
func (f *fleet) clone(t *testing.T) {
	parent := f.clients[0]
	f.clients = f.clients[1:]
	key := run(t, parent.Container, "cf-key", "-p", "/var/lib/cfengine3/ppkeys/localhost.pub")
	if err := parent.Container.Kill(); err != nil {
		t.Fatal(err)
	}
	public := strings.TrimSpace(string(content(t, f.Share, "ppkeys/localhost.pub")))
	userData, err := f.ClientUserData("|\n    " + strings.ReplaceAll(public, "\n", "\n    "))
	if err != nil {
		t.Fatal(err)
	}
	baked := f.image
	f.image = parent.Config.Root
	defer func() { f.image = baked }()
	c := f.start(t, userData)
	s, err := c.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if step := find(s, "cfengine-state"); s.Result != firstboot.Failed || !strings.Contains(step.Message, "the image was not sealed") ||
		!strings.Contains(step.Message, "ppkeys/localhost.priv") || !strings.Contains(step.Message, "policy_server.dat") || !strings.Contains(step.Cure, "leaven bake") {
		t.Errorf("not sealed: %s: %+v", s.Verdict, step)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if text, code := leaven(t, "bake", "--root", parent.Config.Root); code != 0 {
		t.Fatalf("bake exits %d:\n%s", code, text)
	}
	c = f.start(t, userData)
	up(t, c)
	if own := run(t, c.Container, "cf-key", "-p", "/var/lib/cfengine3/ppkeys/localhost.pub"); own == key {
		t.Error("a clone has its parent's key")
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}

// together has three hubs meet an empty share, again and again. In a round the three machines stay booted: their state is
// removed, the share emptied, and `leaven firstboot` run in all three at once, which does every step of a hub anew; so that a round
// is the contest without the boot around it; with boots it is what the part "boot" does, once. In each fifth round masterfiles is empty,
// too. In the others the smallest policy there is lies in it, since CFEngine takes most of a round's time to read Debian's.
func (f *fleet) together(t *testing.T) {
	rounds := 3
	if os.Getenv("CI") != "" {
		rounds = 50
	}
	n := newPolicyNet(t)
	var machines []*hubs.Machine
	for range 3 {
		m := n.machine(f.image, n.hub(), n.Mounts()...)
		if err := m.Boot(t.Context()); err != nil {
			t.Fatal(err)
		}
		machines = append(machines, m)
	}
	for _, m := range machines {
		up(t, m)
	}
	seen := map[string]bool{}
	for round := range rounds {
		all(t, machines, "sh", "-euc", forget)
		if err := n.EmptyShare(); err != nil {
			t.Fatal(err)
		}
		if round%5 != 0 {
			put(t, n.Share, "masterfiles/promises.cf", smallPolicy, 0o600)
			put(t, n.Share, "masterfiles/update.cf", smallPolicy, 0o600)
		}
		all(t, machines, "leaven", "firstboot")
		digest := ""
		for _, m := range machines {
			d := hubs.Digest(up(t, m))
			if digest == "" {
				digest = d
			}
			if d == "" || d != digest {
				t.Errorf("round %d: the hubs have the keys %q and %q", round, digest, d)
			}
		}
		if seen[digest] {
			t.Errorf("round %d: the key is that of a round before: this test shows nothing", round)
		}
		seen[digest] = true
		if n.onePair(t, machines); t.Failed() {
			t.FailNow()
		}
	}
	t.Logf("%d rounds", rounds)
}

// forget makes a booted hub what its image was: what the rules of the bake catalogue name, but for the share. cf-monitord takes no
// notice of SIGTERM while it sleeps, and systemd waits 90 s; the agents that cf-execd starts outlive it (KillMode=process) and would
// write what is removed here. Rounds are so short that systemd would count the starts as too many.
const forget = `
systemctl kill --signal=KILL cf-monitord cf-execd || true
systemctl stop cfengine3 cf-serverd cf-execd cf-monitord
systemctl reset-failed cfengine3 cf-serverd cf-execd cf-monitord || true
cd /var/lib/cfengine3
rm -rf policy_server.dat bootstrap_id.dat inputs/* outputs/* reports/* lastseen/* state/* data/host_specific.json
rm /etc/systemd/system/cf-*.service.d/leaven-share.conf
rm -f /var/lib/leaven/*/cfengine.json
systemctl daemon-reload`

// all runs a command in all machines at the same time; it must succeed.
func all(t *testing.T, machines []*hubs.Machine, args ...string) {
	t.Helper()
	errs := make([]error, len(machines))
	var wait sync.WaitGroup
	for i, m := range machines {
		wait.Go(func() {
			out, err := m.Container.Run(t.Context(), args...)
			if err != nil {
				errs[i] = fmt.Errorf("%w%s", err, out)
			}
		})
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}
