package e2e

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/bake"
	"github.com/leaven-dev/leaven/bake/laststage"
	"github.com/leaven-dev/leaven/e2e/nspawn"
	"github.com/leaven-dev/leaven/internal/rootfs"
	"github.com/leaven-dev/leaven/internal/seal"
)

// TestLastStage seals a running system and shuts it down: what is written in between must be gone from the disk, and
// nothing may have been written after. Until then who builds can come back.
func TestLastStage(t *testing.T) {
	for _, suite := range []string{"bookworm", "trixie"} {
		t.Run(suite, func(t *testing.T) {
			root := copyRoot(t, suite)
			install(t, root)
			c := boot(t, nspawn.Config{Root: root})
			authorize(t, c)
			run(t, c, "sh", "-c", `
				logger a line after the build
				su - admin -c 'echo export SECRET=1 >~/.bash_history'
				echo left >/tmp/left; echo left >/var/tmp/left
				mkdir -p /home/admin/.aws; echo '[default]' >/home/admin/.aws/credentials`)
			out := run(t, c, "leaven", "bake", "--root", "/", "--stage", "live", "--last-stage")
			for _, said := range []string{"authorized-keys: left to the last stage", "ssh-host-keys: left to the last stage", "root-password: left to the last stage", "the last stage is armed"} {
				if !strings.Contains(out, said) {
					t.Errorf("baking does not say %q:\n%s", said, out)
				}
			}
			login(t, c)
			run(t, c, "sh", "-c", `logger a line after sealing; echo ls >/root/.bash_history; echo late >/tmp/late`)
			out = run(t, c, "leaven", "audit", "--root", "/", "--output", "json") // pending findings do not fail
			for rule, want := range map[string]bake.State{"authorized-keys": bake.Pending, "ssh-host-keys": bake.Pending, "root-password": bake.Pending} {
				if got := stateOf(t, out, rule); got != want {
					t.Errorf("the audit calls %s %q, not %q", rule, got, want)
				}
			}
			if !strings.Contains(out, "the last stage is armed") {
				t.Error("the audit does not say that the last stage is armed")
			}
			before := snapshot(t, root)
			if err := c.Poweroff(t.Context()); err != nil {
				t.Fatal(err)
			}
			removed := difference(before, snapshot(t, root))
			t.Logf("what shutting down changed on the disk:\n%s", strings.Join(removed, "\n"))
			if again := writtenAfter(t, root, seal.Path); len(again) > 0 {
				t.Errorf("written after the last stage: %s", again)
			}
			for _, line := range removed {
				if path, added := strings.CutPrefix(line, "+ "); added && path != seal.Path && path != "/var/lib/leaven" {
					t.Errorf("shutting down left %s", path)
				}
			}
			cleanOffline(t, root)
			for _, gone := range []string{"/var/lib/systemd/random-seed", "/tmp/late", "/tmp/left", "/root/.bash_history", "/home/admin/.aws", "/home/admin/.ssh/authorized_keys", "/etc/ssh/ssh_host_ed25519_key"} {
				if there(t, root, gone) {
					t.Errorf("%s is still in the image", gone)
				}
			}
			if shadow, err := os.ReadFile(filepath.Join(root, "etc/shadow")); err != nil || !strings.Contains("\n"+string(shadow), "\nroot:*:") {
				t.Errorf("root's password is still in the image: %v", err)
			}
			if left, _ := filepath.Glob(filepath.Join(root, "var/log/journal/*")); len(left) > 0 {
				t.Errorf("journals in the image: %v", left)
			}
		})
	}
}

// TestDisarm takes the last stage back: the machine is not sealed when it powers off, and not when somebody stops the unit.
func TestDisarm(t *testing.T) {
	root := copyRoot(t, "bookworm")
	install(t, root)
	c := boot(t, nspawn.Config{Root: root})
	authorize(t, c)
	run(t, c, "sh", "-c", "echo '{}' >"+seal.Path) // of the image that this one is built on
	if out := run(t, c, "leaven", "bake", "--disarm"); !strings.Contains(out, "was not armed") {
		t.Errorf("before it was armed: %s", out)
	}
	run(t, c, "leaven", "bake", "--root", "/", "--stage", "live", "--last-stage")
	run(t, c, "leaven", "bake", "--root", "/", "--stage", "live") // leaves to the last stage what the build needs, too
	if out, err := c.Run(t.Context(), "systemctl", "stop", laststage.Unit); err == nil {
		t.Errorf("systemctl stops the unit: %s", out)
	}
	run(t, c, "systemctl", "isolate", "multi-user.target")
	if out := run(t, c, "leaven", "audit", "--root", "/"); !strings.Contains(out, "the last stage is armed") {
		t.Errorf("it is not armed any more:\n%s", out)
	}
	if out := run(t, c, "leaven", "bake", "--root", "/", "--disarm", "--output", "json"); !strings.Contains(out, "the last stage is disarmed") {
		t.Errorf("disarming says %s", out)
	}
	if out := run(t, c, "leaven", "bake", "--disarm"); !strings.Contains(out, "was not armed") {
		t.Errorf("a second time: %s", out)
	}
	if out := run(t, c, "sh", "-c", "ls /run/systemd/system /dev/shm; systemctl list-units --all --no-legend 'leaven-seal*'"); strings.Contains(out, "leaven-seal") {
		t.Errorf("left behind: %s", out)
	}
	notSealed(t, c)
	if err := c.Poweroff(t.Context()); err != nil {
		t.Fatal(err)
	}
	asItWas(t, root)
}

// TestDisarmByTheCopy arms a system that leaven is not installed on: the copy that waits for the shutdown takes it back.
func TestDisarmByTheCopy(t *testing.T) {
	c := boot(t, nspawn.Config{Root: copyRoot(t, "bookworm"), Binds: []string{binary(t, "leaven") + ":/run/upload"}})
	run(t, c, "/run/upload", "bake", "--root", "/", "--last-stage", "--skip", "ssh-host-keys")
	run(t, c, "systemctl", "is-active", laststage.Unit)
	for flag, limit := range map[string]string{"--overwrite": "15min", "--zero-free": "27min"} { // zeros take their time
		run(t, c, "/run/upload", "bake", "--root", "/", "--last-stage", "--skip", "ssh-host-keys", flag)
		if out := run(t, c, "systemctl", "show", "-p", "TimeoutStopUSec", laststage.Unit); out != "TimeoutStopUSec="+limit {
			t.Errorf("with %s the last stage may take %s", flag, out)
		}
	}
	if out := run(t, c, "/dev/shm/leaven-seal", "bake", "--disarm"); !strings.Contains(out, "the last stage is disarmed") {
		t.Errorf("disarming says %s", out)
	}
	if out := run(t, c, "sh", "-c", "find /run/systemd/system /dev/shm /run /var/tmp -name '*leaven*'"); out != "" {
		t.Errorf("left behind: %s", out)
	}
}

// TestRebootDoesNotSeal reboots in the middle of a build: the machine comes back, so it must be as it was.
func TestRebootDoesNotSeal(t *testing.T) {
	for _, suite := range []string{"bookworm", "trixie"} {
		t.Run(suite, func(t *testing.T) {
			root := copyRoot(t, suite)
			install(t, root)
			c := boot(t, nspawn.Config{Root: root})
			authorize(t, c)
			// What requires a mount that is part of the image would be stopped with it.
			run(t, c, "mount", "-t", "tmpfs", "tmpfs", "/srv")
			run(t, c, "leaven", "bake", "--root", "/", "--last-stage", "--cross", "/srv")
			if out := run(t, c, "systemctl", "show", "-p", "After", laststage.Unit); !strings.Contains(out, "srv.mount") {
				t.Errorf("the last stage may run when /srv is gone: %s", out)
			}
			key := run(t, c, "cat", "/run/builder")
			run(t, c, "systemctl", "reboot", "--no-block")
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			if reboot, err := c.Wait(ctx); err != nil || !reboot {
				t.Fatalf("after a reboot: %t, %v", reboot, err)
			}
			asItWas(t, root)
			c = boot(t, nspawn.Config{Root: root})
			run(t, c, "sh", "-ec", "umask 077; echo '"+key+"' >/run/builder")
			login(t, c)
			notSealed(t, c)
		})
	}
}

// TestWithoutLastStage seals a running system at once. What the build needs goes after all else.
func TestWithoutLastStage(t *testing.T) {
	for _, stage := range []string{"live", "all"} {
		t.Run(stage, func(t *testing.T) {
			root := copyRoot(t, "bookworm")
			install(t, root)
			c := boot(t, nspawn.Config{Root: root})
			authorize(t, c)
			var report bake.BakeReport
			if err := json.Unmarshal([]byte(run(t, c, "leaven", "bake", "--root", "/", "--stage", stage, "--output", "json")), &report); err != nil {
				t.Fatal(err)
			}
			var order []string
			for _, change := range report.Changes {
				order = append(order, change.Rule)
			}
			order = slices.Compact(order)
			if last := order[max(0, len(order)-3):]; !slices.Equal(last, []string{"ssh-host-keys", "root-password", "authorized-keys"}) {
				t.Errorf("the last changes are of %q", last)
			}
			if there(t, root, "/home/admin/.ssh/authorized_keys") {
				t.Error("the key is still there")
			}
			if out, err := c.Run(t.Context(), "sh", "-c", connect); err == nil {
				t.Errorf("it can still be entered: %s", out)
			}
		})
	}
}

// authorize gives the user admin a key, as builders do, and root a password.
func authorize(t *testing.T, c *nspawn.Container) {
	t.Helper()
	run(t, c, "sh", "-ec", `
		ssh-keygen -q -t ed25519 -N '' -f /run/builder
		install -d -o admin -g admin -m 0700 /home/admin/.ssh
		install -o admin -g admin -m 0600 /run/builder.pub /home/admin/.ssh/authorized_keys
		echo root:correct-horse-battery | chpasswd`)
	login(t, c)
}

const connect = `ssh -i /run/builder -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null admin@127.0.0.1 sudo -n true`

// login makes a new connection, as a build does when the old one broke off, and uses sudo.
func login(t *testing.T, c *nspawn.Container) {
	t.Helper()
	run(t, c, "sh", "-c", connect)
}

// stateOf finds what an audit says of a rule's findings: the state of the last one.
func stateOf(t *testing.T, report, rule string) (state bake.State) {
	t.Helper()
	var r bake.AuditReport
	if err := json.Unmarshal([]byte(report), &r); err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Findings {
		if f.Rule == rule {
			state = f.State
		}
	}
	return state
}

// notSealed audits a system on which no last stage is armed although one should be.
func notSealed(t *testing.T, c *nspawn.Container) {
	t.Helper()
	out, err := c.Run(t.Context(), "leaven", "audit", "--root", "/", "--output", "json")
	if err == nil {
		t.Error("the audit passes")
	}
	if got := stateOf(t, out, "authorized-keys"); got != bake.Dirty {
		t.Errorf("the audit calls the key %q", got)
	}
	if strings.Contains(out, "the last stage is armed") {
		t.Error("the audit says that the last stage is armed")
	}
}

// asItWas looks at the tree of a system that must not have been sealed when it went down.
func asItWas(t *testing.T, root string) {
	t.Helper()
	if there(t, root, seal.Path) {
		t.Error("there is a proof of sealing")
	}
	for _, kept := range []string{"/home/admin/.ssh/authorized_keys", "/etc/ssh/ssh_host_ed25519_key"} {
		if !there(t, root, kept) {
			t.Errorf("%s is gone", kept)
		}
	}
}

// cleanOffline audits a tree whose system was shut down, and reads its proof.
func cleanOffline(t *testing.T, root string) {
	t.Helper()
	if text, code := leaven(t, "audit", "--root", root); code != 0 {
		t.Errorf("audit of the image exits %d:\n%s", code, text)
	}
	r, err := rootfs.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	proof, err := seal.Read(r)
	if err != nil {
		t.Fatal(err)
	}
	if proof.Stage != "shutdown" || len(proof.Left) > 0 || len(proof.Rules) == 0 {
		t.Errorf("proof: %+v", proof)
	}
}
