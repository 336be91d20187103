package e2e

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/leaven-dev/leaven/e2e/hubs"
)

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
