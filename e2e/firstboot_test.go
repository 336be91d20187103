package e2e

import (
	"context"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/e2e/nspawn"
	"github.com/leaven-dev/leaven/firstboot"
)

// unsealed is the worst image there is: Leaven is installed in it, and nobody took out its host keys.
type unsealed struct {
	root  string   // clone it; it must not change
	baked []string // the host keys
}

// TestFirstBoot boots instances of an unsealed image in containers.
func TestFirstBoot(t *testing.T) {
	for _, suite := range []string{"bookworm", "trixie"} {
		t.Run(suite, func(t *testing.T) {
			image := unsealed{root: copyRoot(t, suite)}
			if image.baked = publicKeys(t, image.root); len(image.baked) < 3 {
				t.Fatalf("the root has only the host keys %q: their absence would show nothing", image.baked)
			}
			install(t, image.root)
			t.Run("identity", func(t *testing.T) { testIdentity(t, image) })
			t.Run("broken agents", func(t *testing.T) { testBrokenAgents(t, image) })
			if suite != "bookworm" {
				return // what follows is no matter of the distribution
			}
			t.Run("broken agents and a socket", func(t *testing.T) {
				behind := clone(t, image.root)
				chroot(t, behind, "systemctl disable ssh.service; systemctl enable ssh.socket")
				testBrokenAgents(t, unsealed{behind, image.baked})
			})
			t.Run("two clones", func(t *testing.T) { testTwoClones(t, image) })
			t.Run("status waits", func(t *testing.T) { testStatusWaits(t, image) })
			t.Run("presets", func(t *testing.T) { testPresets(t, image) })
			t.Run("units as on RHEL", func(t *testing.T) { testRHELUnits(t, image) })
			t.Run("damaged state", func(t *testing.T) { testDamagedState(t, image) })
			t.Run("repaired", func(t *testing.T) { testRepaired(t, image) })
			t.Run("killed", func(t *testing.T) { testKilled(t, image) })
		})
	}
}

// testIdentity follows an instance from its first boot to the clone of its disk.
func testIdentity(t *testing.T, image unsealed) {
	root := clone(t, image.root)
	c := boot(t, nspawn.Config{Root: root, Credentials: map[string]string{"leaven.instance-id": "i-0000000000000000a"}})
	keys := ownKeys(t, c, image.baked)
	if got := onConsole(c.Console.Text()); !slices.Equal(got, keys) {
		t.Errorf("the console tells of %q, sshd shows %q", got, keys)
	}
	if !strings.Contains(c.Console.Text(), "leaven: instance i-0000000000000000a is up: ") {
		t.Errorf("the console holds no verdict:\n%s", c.Console.Tail(30))
	}
	// An ordinary user may ask, also for JSON.
	var status firstboot.Status
	text := run(t, c, "su", "admin", "-c", "leaven status --wait --output json")
	if err := json.Unmarshal([]byte(text), &status); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if status.Result != firstboot.OK || status.Instance.Source != firstboot.FromCredential || len(status.Steps) < 6 || len(status.HostKeys) != 2 {
		t.Errorf("status: %s", text)
	}
	if log, err := c.Journal(t.Context()); err != nil || strings.Contains(strings.ToLower(log), "ordering cycle") {
		t.Errorf("systemd found an ordering cycle, or cannot tell: %v", err)
	}
	if out := run(t, c, "systemd-analyze", "verify", "--man=no", "leaven-identity.service", "leaven-firstboot.service", "ssh.service", "ssh.socket", "default.target"); out != "" {
		t.Errorf("systemd-analyze verify: %s", out)
	}
	if failed, err := c.FailedUnits(t.Context()); failed != "" || err != nil {
		t.Errorf("failed units: %s %v", failed, err)
	}

	// sshd is held by the unit, which cannot be stopped by mistake.
	if _, err := c.Run(t.Context(), "systemctl", "stop", "leaven-identity"); err == nil {
		t.Error("leaven-identity.service could be stopped, and sshd with it")
	}
	before := run(t, c, "sh", "-c", "cat /etc/ssh/ssh_host_*")
	run(t, c, "leaven", "firstboot")
	if after := run(t, c, "sh", "-c", "cat /etc/ssh/ssh_host_*"); after != before {
		t.Error("a second run by hand changed host keys")
	}
	off(t, c)

	// A reboot keeps everything, with the credential and without: it is the same machine.
	for _, credentials := range []map[string]string{{"leaven.instance-id": "i-0000000000000000a"}, nil} {
		c = boot(t, nspawn.Config{Root: root, Credentials: credentials})
		if again := ownKeys(t, c, image.baked); !slices.Equal(again, keys) {
			t.Errorf("a reboot with credentials %v changed the host keys", credentials)
		}
		if strings.Contains(c.Console.Text(), "BEGIN SSH HOST KEY") {
			t.Error("a reboot prints the host keys again")
		}
		run(t, c, "leaven", "status")
		off(t, c)
	}

	// The disk of that instance is cloned, unsealed, and started as another one.
	c, _ = bootAnyhow(t, nspawn.Config{Root: root, Credentials: map[string]string{"leaven.instance-id": "i-0000000000000000b"}})
	if second := ownKeys(t, c, slices.Concat(image.baked, keys)); share(second, keys) {
		t.Error("a clone has a host key of its parent")
	}
	// Its machine-id is its parent's: that is no failure of first boot, but somebody has to say it.
	text, err := c.Run(t.Context(), "leaven", "status")
	if err == nil || !strings.Contains(text, "still that of instance i-0000000000000000a") {
		t.Errorf("status of a clone with its parent's machine-id: %v\n%s", err, text)
	}
}

// testTwoClones boots two copies of one root: all that makes an instance must differ.
func testTwoClones(t *testing.T, image unsealed) {
	seen := map[string]bool{}
	for range 2 {
		c := boot(t, nspawn.Config{Root: clone(t, image.root)})
		for _, fact := range append(ownKeys(t, c, image.baked), run(t, c, "cat", "/etc/machine-id"), run(t, c, "readlink", "/var/lib/leaven/current")) {
			if seen[fact] {
				t.Errorf("two clones share %q", fact)
			}
			seen[fact] = true
		}
	}
}

// testDamagedState damages the state of an instance that has its keys. It must neither get new ones nor lock people out.
func testDamagedState(t *testing.T, image unsealed) {
	root := clone(t, image.root)
	c := boot(t, nspawn.Config{Root: root})
	keys := ownKeys(t, c, image.baked)
	run(t, c, "sh", "-c", "echo '{' >/var/lib/leaven/current/state.json")
	off(t, c)

	c, _ = bootAnyhow(t, nspawn.Config{Root: root})
	if again := ownKeys(t, c, image.baked); !slices.Equal(again, keys) {
		t.Error("a damaged state changed the host keys")
	}
	text, err := c.Run(t.Context(), "leaven", "status")
	if err == nil || !strings.Contains(text, "state.json is damaged") || !strings.Contains(text, "remove that file") {
		t.Errorf("status does not tell what is wrong and what to do: %v\n%s", err, text)
	}
	// What it says helps.
	run(t, c, "sh", "-c", "rm /var/lib/leaven/current/state.json && leaven firstboot && leaven status")
	if again := ownKeys(t, c, image.baked); !slices.Equal(again, keys) {
		t.Error("repairing the state changed the host keys")
	}
}

// testStatusWaits asks as early as a command can run. An answer before first boot is through would be a lie.
func testStatusWaits(t *testing.T, image unsealed) {
	root := clone(t, image.root)
	put(t, root, "etc/systemd/system/leaven-firstboot.service.d/late.conf", "[Service]\nExecStartPre=/bin/sleep 3\n", 0o644)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c, err := nspawn.Boot(ctx, nspawn.Config{Root: root, Console: filepath.Join(t.ArtifactDir(), "console.log")})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, user := range []string{"root", "admin"} {
		text, err := c.Run(ctx, "setpriv", "--reuid="+user, "--regid="+user, "--clear-groups", "leaven", "status", "--wait")
		if err != nil || !strings.Contains(text, " is up: ") {
			t.Errorf("status --wait for %s: %v\n%s", user, err, text)
		}
	}
	// There is nothing to wait for where the unit will not run any more.
	run(t, c, "sh", "-c", "rm -r /run/leaven")
	if text, err := c.Run(ctx, "leaven", "status", "--wait"); err == nil || !strings.Contains(text, "has not run") {
		t.Errorf("status --wait with nothing to wait for: %v\n%s", err, text)
	}
}

// testPresets boots an image whose vendor switches off all that no preset names, in a boot that applies presets.
func testPresets(t *testing.T, image unsealed) {
	root := clone(t, image.root)
	put(t, root, "etc/machine-id", "uninitialized\n", 0o444)
	// They would ask questions on the console, and wait two minutes for a link.
	chroot(t, root, "systemctl mask systemd-firstboot.service systemd-networkd-wait-online.service")
	put(t, root, "usr/lib/systemd/system-preset/99-default-disable.preset", "enable ssh.service\ndisable *\n", 0o644)
	c, _ := bootAnyhow(t, nspawn.Config{Root: root})
	if out := run(t, c, "sh", "-c", "systemctl is-enabled dbus-fi.w1.wpa_supplicant1.service e2scrub_all.timer || true"); strings.Contains(out, "enabled") {
		t.Fatalf("presets were not applied, so nothing is shown: %s", out)
	}
	ownKeys(t, c, image.baked)
	run(t, c, "leaven", "status", "--wait")
	run(t, c, "systemctl", "is-enabled", "leaven-identity.service", "leaven-firstboot.service")
}

// testRHELUnits boots with units of the names and dependencies that Fedora and RHEL have: a generator of keys for each type, which
// would make an RSA key, and keep a baked one.
func testRHELUnits(t *testing.T, image unsealed) {
	root := clone(t, image.root)
	chroot(t, root, "systemctl disable ssh.service; rm -f /etc/systemd/system/sshd.service; rm -f /lib/systemd/system/ssh.service /lib/systemd/system/ssh.socket /lib/systemd/system/ssh@.service")
	for name, text := range map[string]string{
		"sshd.service":         "[Unit]\nAfter=network.target sshd-keygen.target\nWants=sshd-keygen.target\n[Service]\nType=notify\nRuntimeDirectory=sshd\nExecStart=/usr/sbin/sshd -D\n",
		"sshd-keygen.target":   "[Unit]\nWants=sshd-keygen@rsa.service sshd-keygen@ecdsa.service sshd-keygen@ed25519.service\nPartOf=sshd.service\n",
		"sshd-keygen@.service": "[Unit]\nBefore=sshd-keygen.target\nConditionFileNotEmpty=|!/etc/ssh/ssh_host_%i_key\n[Service]\nType=oneshot\nExecStart=/usr/bin/ssh-keygen -q -t %i -N \"\" -f /etc/ssh/ssh_host_%i_key\n",
	} {
		put(t, root, "usr/lib/systemd/system/"+name, text, 0o644)
	}
	chroot(t, root, "mkdir -p /etc/systemd/system/multi-user.target.wants; ln -s /usr/lib/systemd/system/sshd.service /etc/systemd/system/multi-user.target.wants/")
	broken := clone(t, root)
	put(t, broken, "usr/bin/leaven", "#!/bin/sh\nexit 1\n", 0o755)
	c, _ := bootAnyhow(t, nspawn.Config{Root: broken})
	silent(t, c)
	off(t, c)

	c = boot(t, nspawn.Config{Root: root})
	keys := ownKeys(t, c, image.baked) // two, so no RSA key was made
	if on := publicKeys(t, root); !slices.Equal(on, keys) {
		t.Errorf("in /etc/ssh are %q, sshd shows %q", on, keys)
	}
	if log, err := c.Journal(t.Context()); err != nil || strings.Contains(strings.ToLower(log), "ordering cycle") {
		t.Errorf("systemd found an ordering cycle, or cannot tell: %v", err)
	}
}
