package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/e2e/hubs"
	"github.com/leaven-dev/leaven/firstboot"
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
