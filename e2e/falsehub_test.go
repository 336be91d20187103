package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/leaven-dev/leaven/e2e/hubs"
	"github.com/leaven-dev/leaven/firstboot"
)

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
