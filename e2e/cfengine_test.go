package e2e

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/e2e/hubs"
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
	t.Run("no policy", func(t *testing.T) { testHubNoPolicy(t, image) })
	t.Run("cut off", func(t *testing.T) { testHubCutOff(t, image) })
	t.Run("not sealed", func(t *testing.T) { testHubNotSealed(t, image) })
	t.Run("CFEngine of Debian 13", func(t *testing.T) { testTwoHubs(t, policyImage(t, "trixie")) })
}

// testHubAndClient follows a hub from an empty share to its reboot, and clients that know its key, or another one.
func testHubAndClient(t *testing.T, image string) {
	n := newPolicyNet(t)
	hub := n.machine(image, n.hub(), n.Mounts()...)
	cfg := hub.Config
	c := boot(t, cfg)
	s := wantOK(t, c)
	t.Logf("a hub serves %v after its unit was started", hubs.Took(s))
	for _, step := range s.Steps {
		if strings.HasPrefix(step.ID, "cfengine-") {
			t.Logf("%s: %.3f s: %s", step.ID, step.Seconds, step.Message)
		}
	}
	digest := hubs.Digest(s)
	if printed := run(t, c, "cf-key", "-p", "/var/lib/cfengine3/ppkeys/localhost.pub"); digest == "" || digest != printed {
		t.Fatalf("the status tells of the key %q, cf-key of %q", digest, printed)
	}
	if mode := run(t, c, "stat", "-c", "%a", "/var/lib/cfengine3/ppkeys"); mode != "700" {
		t.Errorf("ppkeys has the mode %s", mode)
	}

	// A change of the policy on the share reaches the hub itself, which it does not with Debian's own policy.
	put(t, n.Share, "masterfiles/services/mine.cf", "bundle agent mine { reports: \"mine\"; }\n", 0o644)
	run(t, c, "cf-promises", "-T", "/var/lib/cfengine3/masterfiles")
	began := time.Now()
	run(t, c, "cf-agent", "-K", "-f", "update.cf")
	run(t, c, "test", "-e", "/var/lib/cfengine3/inputs/services/mine.cf")
	t.Logf("cf-agent -f update.cf took %v", time.Since(began))

	// A hub that hangs still takes connections. Before that it may be reading the new policy.
	run(t, c, "timeout", "60", "sh", "-c", "until leaven health --once; do sleep 0.2; done")
	pid := run(t, c, "systemctl", "show", "--value", "--property=MainPID", "cf-serverd")
	run(t, c, "kill", "-STOP", pid)
	began = time.Now()
	if text, err := c.Run(t.Context(), "leaven", "health", "--once"); err == nil || !strings.Contains(text, "it hangs") {
		t.Errorf("health of a hub that hangs, after %v: %v: %s", time.Since(began), err, text)
	}
	run(t, c, "kill", "-CONT", pid)

	client := func(key string) nspawn.Config {
		return n.machine(image, shebang+"cfengine: {role: client, hub: "+hub.Address+", policy_server_key: "+key+"}\n").Config
	}
	t.Run("client", func(t *testing.T) {
		c := boot(t, client(digest))
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
		c, _ := bootAnyhow(t, client(other))
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
	put(t, cfg.Root, "var/lib/cfengine3/ppkeys/localhost.priv", string(content(t, n.Share, "ppkeys/localhost.priv")), 0o600)
	put(t, cfg.Root, "var/lib/cfengine3/ppkeys/localhost.pub", string(content(t, n.Share, "ppkeys/localhost.pub")), 0o600)
	// Lines in fstab stand for those of NFS. The mounts fail: systemd, which makes folders for bind mounts, cannot make these.
	cfg.Args = nil
	put(t, cfg.Root, "srv/share", "", 0o644)
	put(t, cfg.Root, "etc/fstab", "/srv/share/ppkeys /var/lib/cfengine3/ppkeys none bind,nofail 0 0\n/srv/share/masterfiles /var/lib/cfengine3/masterfiles none bind,nofail 0 0\n", 0o644)
	c, _ = bootAnyhow(t, cfg)
	for _, unit := range daemons() {
		if needs := run(t, c, "systemctl", "show", "--value", "--property=Requires", unit); !strings.Contains(needs, `ppkeys.mount`) || !strings.Contains(needs, `masterfiles.mount`) {
			t.Errorf("%s does not require the mounts: %s", unit, needs)
		}
	}
	if s := statusOf(t, c); s.Result != firstboot.Failed || !strings.Contains(find(s, "cfengine-share").Message, "is not mounted") {
		t.Errorf("without the share: %s: %+v", s.Verdict, find(s, "cfengine-share"))
	}
	silentHub(t, c)
	if text, err := c.Run(t.Context(), "leaven", "health", "--once"); err == nil {
		t.Errorf("a hub without its share is healthy: %s", text)
	}
	unplug(t, c, cfg.Root)
	// And back.
	remove(t, cfg.Root, "srv/share")
	cfg.Args = []string{"--bind=" + n.Share + ":/srv/share"}
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

// testTwoHubs boots two hubs at once on an empty share.
func testTwoHubs(t *testing.T, image string) {
	n := newPolicyNet(t)
	a := begin(t, n.machine(image, n.hub(), n.Mounts()...).Config)
	b := begin(t, n.machine(image, n.hub(), n.Mounts()...).Config)
	one, two := find(wantOK(t, a), "cfengine-serving").Message, find(wantOK(t, b), "cfengine-serving").Message
	if d := keyDigest.FindString(one); d == "" || d != keyDigest.FindString(two) || one == two {
		t.Errorf("two hubs say %q and %q", one, two)
	}
	if entries, err := os.ReadDir(filepath.Join(n.Share, "ppkeys")); err != nil || len(entries) != 3 {
		t.Errorf("in ppkeys are %v, %v", entries, err)
	}
}

// testHubWithoutShare boots a hub whose folders are not mounted, and what is mounted is something else. When the share comes later, the
// hub goes on without a boot.
func testHubWithoutShare(t *testing.T, image string) {
	n := newPolicyNet(t)
	const nothing = "nothing is mounted"
	for _, c := range []struct {
		what, want string
		hub        string
		mounts     []string
	}{
		{"a disk is mounted", "something else than the share is mounted", strings.Replace(n.hub(), "["+n.FileSystem+"]", "[nfs4]", 1), n.Mounts()},
		{"only the keys", "masterfiles is not mounted", n.hub(), n.Mounts("ppkeys")},
		{nothing, "ppkeys is not mounted", n.hub(), []string{"--bind=" + n.Share + ":/srv/share"}}, // the last, since it gets a key
	} {
		box, _ := bootAnyhow(t, n.machine(image, c.hub, c.mounts...).Config)
		s := statusOf(t, box)
		if step := find(s, "cfengine-share"); s.Result != firstboot.Failed || !strings.Contains(step.Message, c.want) {
			t.Errorf("%s: %s: %+v", c.what, s.Verdict, step)
		}
		silentHub(t, box)
		if out := run(t, box, "ls", "/var/lib/cfengine3/ppkeys"); out != "" {
			t.Errorf("%s: a key was made: %s", c.what, out)
		}
		if c.what == nothing {
			run(t, box, "sh", "-ec", "for f in ppkeys masterfiles; do mount --bind /srv/share/$f /var/lib/cfengine3/$f; done; leaven firstboot")
			wantOK(t, box)
		}
		if err := box.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// smallPolicy can be promises.cf as well as update.cf.
const smallPolicy = "body common control { bundlesequence => { \"main\" }; }\nbundle agent main { }\n"

// testHubBrokenPolicy boots a hub with a policy that cf-agent bootstraps with, and reports success.
func testHubBrokenPolicy(t *testing.T, image string) {
	n := newPolicyNet(t)
	put(t, n.Share, "masterfiles/promises.cf", "body common control { bundlesequence => { \"main\" }; }\nbundle agent main { files: \n", 0o644)
	put(t, n.Share, "masterfiles/update.cf", smallPolicy, 0o644)
	c, _ := bootAnyhow(t, n.machine(image, n.hub(), n.Mounts()...).Config)
	s := statusOf(t, c)
	if step := find(s, "cfengine-policy"); s.Result != firstboot.Failed || !strings.Contains(step.Message, "the policy is broken, /var/lib/cfengine3/masterfiles/promises.cf") || step.Cure == "" {
		t.Errorf("%s: %+v", s.Verdict, step)
	}
	silentHub(t, c)
	// Mended, it goes on without a boot.
	put(t, n.Share, "masterfiles/promises.cf", smallPolicy, 0o644)
	run(t, c, "leaven", "firstboot")
	wantOK(t, c)
}

// testHubNoPolicy has cf-serverd start while there is no policy. It shows its key then, and gives clients nothing.
func testHubNoPolicy(t *testing.T, image string) {
	n := newPolicyNet(t)
	hub := n.machine(image, n.hub(), n.Mounts()...)
	// cf-agent starts the daemons, does not find cf-execd running and takes everything back; then it is run again.
	put(t, hub.Config.Root, "etc/systemd/system/cf-execd.service.d/late.conf", "[Service]\nExecStartPre=sh -c 'mkdir /run/late && sleep 1 || true'\n", 0o644)
	c := boot(t, hub.Config)
	wantOK(t, c)
	run(t, c, "test", "-e", "/run/late")
	gives := func() {
		t.Helper()
		if out := run(t, c, "cf-net", "-H", hub.Address, "stat", "masterfiles/promises.cf"); !strings.Contains(out, "is a regular file") {
			t.Errorf("the hub gives no policy: %s", out)
		}
	}
	gives()

	run(t, c, "sh", "-ec", `cd /var/lib/cfengine3/inputs
		cp promises.cf /root; echo '}' >>promises.cf; systemctl restart cf-serverd; sleep 5; cp /root/promises.cf .`)
	if text, err := c.Run(t.Context(), "leaven", "health", "--once"); err == nil || !strings.Contains(text, "found no valid policy when it was started") {
		t.Errorf("health of a hub without policy: %v: %s", err, text)
	}
	run(t, c, "leaven", "firstboot")
	gives()
	run(t, c, "leaven", "health", "--once")
}

// testHubCutOff pulls the plug while a hub is brought up, whenever something has just come into being.
func testHubCutOff(t *testing.T, image string) {
	for _, mark := range []string{"ppkeys/localhost.priv", "masterfiles/lib", "masterfiles/promises.cf", "bootstrap_id.dat"} {
		n := newPolicyNet(t)
		cfg := n.machine(image, n.hub(), n.Mounts()...).Config
		c := begin(t, cfg)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for !there(t, n.Share, mark) && !there(t, cfg.Root, "var/lib/cfengine3/"+mark) {
			if ctx.Err() != nil {
				t.Fatalf("%s never came", mark)
			}
			time.Sleep(time.Millisecond)
		}
		unplug(t, c, cfg.Root)
		done := there(t, cfg.Root, "var/lib/cfengine3/state/am_policy_hub")
		c = boot(t, cfg)
		s := wantOK(t, c)
		t.Logf("cut off at %s: was a hub: %v; the next boot took %v, of that cf-serverd %v s", mark, done, hubs.Took(s), find(s, "cfengine-serving").Seconds)
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// testHubNotSealed boots what was baked with the state of a hub, and a client with the key that the package's postinst made.
func testHubNotSealed(t *testing.T, image string) {
	n := newPolicyNet(t)
	for role, c := range map[string]struct{ userData, baked string }{
		"hub":    {n.hub(), "policy_server.dat"},
		"client": {shebang + "cfengine: {role: client, hub: 10.9.0.10, policy_server_key: any}\n", "ppkeys/localhost.priv"},
	} {
		cfg := n.machine(image, c.userData).Config
		if role == "hub" {
			cfg.Args = n.Mounts()
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
