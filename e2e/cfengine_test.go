package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/e2e/netns"
	"github.com/leaven-dev/leaven/e2e/nspawn"
	"github.com/leaven-dev/leaven/firstboot"
)

// TestCFEngine makes hubs and clients of sealed images with Debian's CFEngine. Folders of this machine that are mounted into the
// containers stand in for the share.
func TestCFEngine(t *testing.T) {
	image := policyImage(t, "bookworm")
	t.Run("hub and client", func(t *testing.T) { testHubAndClient(t, image) })
	t.Run("two hubs", func(t *testing.T) { testTwoHubs(t, image) })
	t.Run("without the share", func(t *testing.T) { testHubWithoutShare(t, image) })
	t.Run("broken policy", func(t *testing.T) { testHubBrokenPolicy(t, image) })
	t.Run("cut off", func(t *testing.T) { testHubCutOff(t, image) })
	t.Run("not sealed", func(t *testing.T) { testHubNotSealed(t, image) })
	t.Run("CFEngine of Debian 13", func(t *testing.T) { testTwoHubs(t, policyImage(t, "trixie")) })
}

// policyImage is a sealed image with CFEngine, whose resolver says at once that it is none.
func policyImage(t *testing.T, suite string) string {
	t.Helper()
	image := copyRoot(t, suite)
	install(t, image)
	if text, code := leaven(t, "bake", "--root", image); code != 0 {
		t.Fatalf("bake exits %d:\n%s", code, text)
	}
	chroot(t, image, "rm -f /etc/resolv.conf")
	put(t, image, "etc/resolv.conf", "nameserver 10.9.0.1\n", 0o644)
	return image
}

// policyNet is a network with hubs and clients, and the share of the hubs.
type policyNet struct {
	t        *testing.T
	outside  *netns.Switch
	share    string // holds ppkeys and masterfiles
	fileType string // of its file system
}

func newPolicyNet(t *testing.T) *policyNet {
	t.Helper()
	outside, err := netns.NewSwitch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { outside.Close() })
	n := &policyNet{t: t, outside: outside, share: scratch(t)}
	for _, folder := range []string{"ppkeys", "masterfiles"} {
		if err := os.Mkdir(filepath.Join(n.share, folder), 0o755); err != nil { // as the root of a share mostly is
			t.Fatal(err)
		}
	}
	out, err := exec.CommandContext(t.Context(), "findmnt", "--noheadings", "--output", "FSTYPE", "--target", n.share).Output()
	if err != nil {
		t.Fatal(err)
	}
	n.fileType = strings.TrimSpace(string(out))
	return n
}

// host is a network namespace for a container.
func (n *policyNet) host(address string) string {
	n.t.Helper()
	ns, err := netns.New(n.t.Context())
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { ns.Close() })
	err = n.outside.Plug(n.t.Context(), ns, "eth0", address+"/24")
	if err == nil {
		_, err = ns.Run(n.t.Context(), "ip", "route", "add", "default", "via", "10.9.0.1")
	}
	if err != nil {
		n.t.Fatal(err)
	}
	return ns.Path()
}

// hub is what user data for a hub holds.
func (n *policyNet) hub(more string) string {
	return shebang + fmt.Sprintf("cfengine:\n  role: hub\n  acl: [10.9.0.0/24]\n  file_systems: [%s]\n%s", n.fileType, more)
}

func (n *policyNet) binds() []string {
	var args []string
	for _, folder := range []string{"ppkeys", "masterfiles"} {
		args = append(args, "--bind="+filepath.Join(n.share, folder)+":/var/lib/cfengine3/"+folder)
	}
	return args
}

var keyDigest = regexp.MustCompile(`MD5=[0-9a-f]{32}`)

// wantOK stops the test unless first boot went well.
func wantOK(t *testing.T, c *nspawn.Container) firstboot.Status {
	t.Helper()
	s := statusOf(t, c)
	if s.Result != firstboot.OK {
		log, _ := c.Journal(t.Context())
		t.Fatalf("status: %s\n%s", s.Verdict, log)
	}
	return s
}

// instance is what boots a container as an instance with user data.
func (n *policyNet) instance(image, id, address, userData string, binds []string) nspawn.Config {
	n.t.Helper()
	root := clone(n.t, image)
	put(n.t, root, "etc/leaven/firstboot.yaml", userData, 0o644)
	return nspawn.Config{Root: root, Network: n.host(address), Args: binds, Credentials: map[string]string{"leaven.instance-id": id}}
}

// silentHub stops the test if anybody could take the host for a hub.
func silentHub(t *testing.T, c *nspawn.Container) {
	t.Helper()
	if out := run(t, c, "ss", "--listening", "--tcp", "--numeric", "--no-header"); strings.Contains(out, ":5308") {
		t.Errorf("somebody listens on 5308: %s", out)
	}
	for _, unit := range []string{"cf-serverd", "cf-execd", "cf-monitord"} {
		if state := run(t, c, "systemctl", "show", "--value", "--property=ActiveState", unit); state == "active" {
			t.Errorf("%s is active", unit)
		}
	}
}

// longestHub is the time from the start of the unit to the end of the last step, which is that a hub shows its key.
const longestHub = 3 * time.Second

func provisioning(s firstboot.Status) time.Duration {
	for _, stage := range s.Stages {
		if stage.Stage == firstboot.Provision {
			return time.Duration(stage.Seconds * float64(time.Second))
		}
	}
	return time.Hour
}

// unplug ends a container as a power cut does. CFEngine's locks go: a cf-serverd that was killed within a minute of its start takes
// itself for running still, and does not start before that minute is over.
func unplug(t *testing.T, c *nspawn.Container, root string) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	locks, err := filepath.Glob(filepath.Join(root, "var/lib/cfengine3/state/cf_lock.lmdb*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, lock := range locks {
		if err := os.Remove(lock); err != nil {
			t.Fatal(err)
		}
	}
}

// testHubAndClient follows a hub from an empty share to its reboot, and clients that know its key, or another one.
func testHubAndClient(t *testing.T, image string) {
	n := newPolicyNet(t)
	cfg := n.instance(image, "i-0000000000000000a", "10.9.0.10", n.hub(""), n.binds())
	c := boot(t, cfg)
	s := wantOK(t, c)
	for _, step := range s.Steps {
		if strings.HasPrefix(step.ID, "cfengine-") {
			t.Logf("%s: %.3f s: %s", step.ID, step.Seconds, step.Message)
		}
	}
	// On a machine that does other things meanwhile, the best of three counts.
	took := provisioning(s)
	for again := 0; took > longestHub && again < 2; again++ {
		other := newPolicyNet(t)
		c := boot(t, other.instance(image, "i-0000000000000000d", "10.9.0.10", other.hub(""), other.binds()))
		took = min(took, provisioning(wantOK(t, c)))
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if t.Logf("a hub serves %v after its unit was started", took); took > longestHub {
		t.Errorf("that is more than %v", longestHub)
	}
	digest := keyDigest.FindString(find(s, "cfengine-serving").Message)
	if printed := run(t, c, "cf-key", "-p", "/var/lib/cfengine3/ppkeys/localhost.pub"); digest == "" || digest != printed {
		t.Fatalf("the status tells of the key %q, cf-key of %q", digest, printed)
	}
	if mode := run(t, c, "stat", "-c", "%a", "/var/lib/cfengine3/ppkeys"); mode != "700" {
		t.Errorf("ppkeys has the mode %s", mode)
	}

	// A change of the policy on the share reaches the hub itself, which it does not with Debian's own policy.
	put(t, n.share, "masterfiles/services/mine.cf", "bundle agent mine { reports: \"mine\"; }\n", 0o644)
	run(t, c, "cf-promises", "-T", "/var/lib/cfengine3/masterfiles")
	began := time.Now()
	run(t, c, "cf-agent", "-K", "-f", "update.cf")
	run(t, c, "test", "-e", "/var/lib/cfengine3/inputs/services/mine.cf")
	t.Logf("cf-agent -f update.cf took %v", time.Since(began))

	// A hub that hangs still takes connections.
	if text, err := c.Run(t.Context(), "leaven", "health", "--once"); err != nil {
		t.Errorf("health: %v: %s", err, text)
	}
	pid := run(t, c, "systemctl", "show", "--value", "--property=MainPID", "cf-serverd")
	run(t, c, "kill", "-STOP", pid)
	began = time.Now()
	if text, err := c.Run(t.Context(), "leaven", "health", "--once"); err == nil || !strings.Contains(text, "it hangs") || time.Since(began) > 2500*time.Millisecond {
		t.Errorf("health of a hub that hangs, after %v: %v: %s", time.Since(began), err, text)
	}
	run(t, c, "kill", "-CONT", pid)

	client := func(id, address, key string) nspawn.Config {
		return n.instance(image, id, address, shebang+"cfengine: {role: client, hub: 10.9.0.10, policy_server_key: "+key+"}\n", nil)
	}
	t.Run("client", func(t *testing.T) {
		c := boot(t, client("i-0000000000000000b", "10.9.0.11", digest))
		s := wantOK(t, c)
		t.Logf("%+v", find(s, "cfengine-bootstrap"))
		run(t, c, "cf-agent", "-K", "-f", "update.cf")
		run(t, c, "test", "-e", "/var/lib/cfengine3/inputs/services/mine.cf")
		if own := run(t, c, "cf-key", "-p", "/var/lib/cfengine3/ppkeys/localhost.pub"); own == digest || !strings.Contains(find(s, "cfengine-key").Message, own) {
			t.Errorf("the client's key is %s: %s", own, find(s, "cfengine-key").Message)
		}
	})
	t.Run("client of another hub", func(t *testing.T) {
		other := "MD5=00000000000000000000000000000000"
		c, _ := bootAnyhow(t, client("i-0000000000000000c", "10.9.0.12", other))
		s := statusOf(t, c)
		if step := find(s, "cfengine-pin"); s.Result != firstboot.Failed || !strings.Contains(step.Message, digest) || !strings.Contains(step.Message, "it is no hub of theirs") || step.Seconds > 10 {
			t.Errorf("%s: %+v", s.Verdict, step)
		}
		if keys := run(t, c, "ls", "/var/lib/cfengine3/ppkeys"); keys != "localhost.priv\nlocalhost.pub" {
			t.Errorf("it trusts somebody: %s", keys)
		}
		silentHub(t, c)
	})

	// The plug is pulled. The hub comes back with the key that its clients know.
	unplug(t, c, cfg.Root)
	c = boot(t, cfg)
	if again := find(wantOK(t, c), "cfengine-serving"); !strings.Contains(again.Message, digest) {
		t.Errorf("after a reboot: %s", again.Message)
	}
	unplug(t, c, cfg.Root)
	// Without the share it must not serve, also where a key of its own lies below.
	put(t, cfg.Root, "var/lib/cfengine3/ppkeys/localhost.priv", string(content(t, n.share, "ppkeys/localhost.priv")), 0o600)
	put(t, cfg.Root, "var/lib/cfengine3/ppkeys/localhost.pub", string(content(t, n.share, "ppkeys/localhost.pub")), 0o600)
	cfg.Args = nil
	c, _ = bootAnyhow(t, cfg)
	if s := statusOf(t, c); s.Result != firstboot.Failed || !strings.Contains(find(s, "cfengine-share").Message, "is not mounted") {
		t.Errorf("without the share: %s: %+v", s.Verdict, find(s, "cfengine-share"))
	}
	silentHub(t, c)
	if text, err := c.Run(t.Context(), "leaven", "health", "--once"); err == nil {
		t.Errorf("a hub without its share is healthy: %s", text)
	}
	unplug(t, c, cfg.Root)
	// And back.
	cfg.Args = n.binds()
	c = boot(t, cfg)
	if again := find(wantOK(t, c), "cfengine-serving"); !strings.Contains(again.Message, digest) {
		t.Errorf("with the share again: %s", again.Message)
	}
	// A second key on the share is an alarm, and changes nothing.
	run(t, c, "sh", "-c", "cd /var/lib/cfengine3/ppkeys; cf-key -f /root/other; cp /root/other.priv localhost.priv; rm localhost.pub; cp /root/other.pub localhost.pub; leaven firstboot || true")
	if step := find(statusOf(t, c), "cfengine-key"); step.Result != firstboot.Failed || !strings.Contains(step.Message, "the key changed: this instance was set up with "+digest) {
		t.Errorf("another key on the share: %+v", step)
	}
}

func content(t *testing.T, root, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// testTwoHubs boots two hubs at once on an empty share.
func testTwoHubs(t *testing.T, image string) {
	n := newPolicyNet(t)
	a := begin(t, n.instance(image, "i-0000000000000000a", "10.9.0.10", n.hub(""), n.binds()))
	b := begin(t, n.instance(image, "i-0000000000000000b", "10.9.0.11", n.hub(""), n.binds()))
	one, two := find(wantOK(t, a), "cfengine-serving").Message, find(wantOK(t, b), "cfengine-serving").Message
	if d := keyDigest.FindString(one); d == "" || d != keyDigest.FindString(two) || one == two {
		t.Errorf("two hubs say %q and %q", one, two)
	}
	if entries, err := os.ReadDir(filepath.Join(n.share, "ppkeys")); err != nil || len(entries) != 3 {
		t.Errorf("in ppkeys are %v, %v", entries, err)
	}
}

// testHubWithoutShare boots a hub whose folders are not mounted, and what is mounted is something else.
func testHubWithoutShare(t *testing.T, image string) {
	n := newPolicyNet(t)
	for what, c := range map[string]struct {
		binds []string
		hub   string
		want  string
	}{
		"nothing is mounted": {nil, n.hub(""), "ppkeys is not mounted"},
		"a disk is mounted":  {n.binds(), strings.Replace(n.hub(""), "["+n.fileType+"]", "[nfs4]", 1), "something else than the share is mounted"},
		"only the keys":      {n.binds()[:1], n.hub(""), "masterfiles is not mounted"},
	} {
		box, _ := bootAnyhow(t, n.instance(image, "i-0000000000000000a", "10.9.0.10", c.hub, c.binds))
		s := statusOf(t, box)
		if step := find(s, "cfengine-share"); s.Result != firstboot.Failed || !strings.Contains(step.Message, c.want) {
			t.Errorf("%s: %s: %+v", what, s.Verdict, step)
		}
		silentHub(t, box)
		if out := run(t, box, "ls", "/var/lib/cfengine3/ppkeys"); out != "" {
			t.Errorf("%s: a key was made: %s", what, out)
		}
		if err := box.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// testHubBrokenPolicy boots a hub with a policy that cf-agent bootstraps with, and reports success.
func testHubBrokenPolicy(t *testing.T, image string) {
	n := newPolicyNet(t)
	put(t, n.share, "masterfiles/promises.cf", "body common control { bundlesequence => { \"main\" }; }\nbundle agent main { files: \n", 0o644)
	put(t, n.share, "masterfiles/update.cf", "body common control { bundlesequence => { \"main\" }; }\nbundle agent main { }\n", 0o644)
	c, _ := bootAnyhow(t, n.instance(image, "i-0000000000000000a", "10.9.0.10", n.hub(""), n.binds()))
	s := statusOf(t, c)
	if step := find(s, "cfengine-policy"); s.Result != firstboot.Failed || !strings.Contains(step.Message, "the policy is broken, /var/lib/cfengine3/masterfiles/promises.cf") || step.Cure == "" {
		t.Errorf("%s: %+v", s.Verdict, step)
	}
	silentHub(t, c)
	// Mended, it goes on without a boot.
	put(t, n.share, "masterfiles/promises.cf", "body common control { bundlesequence => { \"main\" }; }\nbundle agent main { }\n", 0o644)
	run(t, c, "leaven", "firstboot")
	wantOK(t, c)
}

// testHubCutOff pulls the plug while a hub is brought up, whenever something has just come into being.
func testHubCutOff(t *testing.T, image string) {
	for _, mark := range []string{"ppkeys/localhost.priv", "masterfiles/lib", "masterfiles/promises.cf", "bootstrap_id.dat"} {
		n := newPolicyNet(t)
		cfg := n.instance(image, "i-0000000000000000a", "10.9.0.10", n.hub(""), n.binds())
		c := begin(t, cfg)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for !there(t, n.share, mark) && !there(t, cfg.Root, "var/lib/cfengine3/"+mark) {
			if ctx.Err() != nil {
				t.Fatalf("%s never came", mark)
			}
			time.Sleep(time.Millisecond)
		}
		unplug(t, c, cfg.Root)
		done := there(t, cfg.Root, "var/lib/cfengine3/state/am_policy_hub")
		c = boot(t, cfg)
		s := wantOK(t, c)
		t.Logf("cut off at %s: was a hub: %v; the next boot took %v, of that cf-serverd %v s", mark, done, provisioning(s), find(s, "cfengine-serving").Seconds)
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// testHubNotSealed boots what was baked with the state of a hub, and a client with the key that the package's postinst made.
func testHubNotSealed(t *testing.T, image string) {
	n := newPolicyNet(t)
	for role, c := range map[string]struct{ userData, baked string }{
		"hub":    {n.hub(""), "policy_server.dat"},
		"client": {shebang + "cfengine: {role: client, hub: 10.9.0.10, policy_server_key: any}\n", "ppkeys/localhost.priv"},
	} {
		cfg := n.instance(image, "i-0000000000000000a", "10.9.0.10", c.userData, nil)
		if role == "hub" {
			cfg.Args = n.binds()
		}
		put(t, cfg.Root, "var/lib/cfengine3/"+c.baked, "10.0.0.1\n", 0o600)
		box, _ := bootAnyhow(t, cfg)
		s := statusOf(t, box)
		if step := find(s, "cfengine-state"); s.Result != firstboot.Failed || !strings.Contains(step.Message, c.baked) || !strings.Contains(step.Cure, "leaven bake") {
			t.Errorf("%s: %s: %+v", role, s.Verdict, step)
		}
		silentHub(t, box)
		if err := box.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
