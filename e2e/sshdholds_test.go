package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/leaven-dev/leaven/e2e/nspawn"
)

// testBrokenAgents breaks the agent in every way that comes to mind, on an image full of host keys. No SSH server may
// listen then: not as a service, not behind a socket, not on systemd's own AF_UNIX socket.
func testBrokenAgents(t *testing.T, image unsealed) {
	script := func(text string) func(*testing.T, string) {
		return func(t *testing.T, root string) { put(t, root, "usr/bin/leaven", "#!/bin/sh\n"+text+"\n", 0o755) }
	}
	breaks := []struct {
		name  string
		apply func(t *testing.T, root string)
	}{
		{"missing", func(t *testing.T, root string) { remove(t, root, "usr/bin/leaven") }},
		{"fails", script("exit 1")},
		{"crashes as Go programs do", script("exit 2")},
		{"is killed", script("kill -KILL $$")},
		{"is terminated", script("kill -TERM $$")},
		{"hangs", func(t *testing.T, root string) {
			script("exec sleep 300")(t, root)
			for _, unit := range []string{"identity", "firstboot"} {
				put(t, root, "etc/systemd/system/leaven-"+unit+".service.d/soon.conf", "[Service]\nTimeoutStartSec=3\nRestart=no\n", 0o644)
			}
		}},
		{"is cut short", func(t *testing.T, root string) {
			if err := os.Truncate(filepath.Join(root, "usr/bin/leaven"), 100_000); err != nil {
				t.Fatal(err)
			}
		}},
		{"unit is missing", func(t *testing.T, root string) {
			remove(t, root, "usr/lib/systemd/system/leaven-identity.service")
		}},
		{"unit is masked", func(t *testing.T, root string) {
			if err := os.Symlink("/dev/null", filepath.Join(root, "etc/systemd/system/leaven-identity.service")); err != nil {
				t.Fatal(err)
			}
		}},
		{"cannot write", func(t *testing.T, root string) { put(t, root, "var/lib/leaven", "a file, not a folder", 0o644) }},
		{"damaged manifest", func(t *testing.T, root string) { put(t, root, "var/lib/leaven/host-keys.json", "{", 0o644) }},
	}
	for _, b := range breaks {
		t.Run(b.name, func(t *testing.T) {
			root := clone(t, image.root)
			b.apply(t, root)
			c, _ := bootAnyhow(t, nspawn.Config{Root: root})
			silent(t, c)
			// Nor when somebody asks for it.
			for _, unit := range []string{"ssh.service", "ssh.socket"} {
				if out, err := c.Run(t.Context(), "systemctl", "start", unit); err == nil {
					t.Errorf("%s can be started: %s", unit, out)
				}
			}
			silent(t, c)
		})
	}
	// The same image, unbroken, does serve.
	c := boot(t, nspawn.Config{Root: clone(t, image.root)})
	ownKeys(t, c, image.baked)
}

// silent checks that nothing answers SSH.
func silent(t *testing.T, c *nspawn.Container) {
	t.Helper()
	listening := run(t, c, "ss", "-Hlnt", "sport = :22") + run(t, c, "sh", "-c", "ss -Hlnx | grep ssh || true")
	if listening != "" {
		t.Errorf("an SSH server listens:\n%s", listening)
	}
	if keys := scan(t, c); len(keys) > 0 {
		t.Errorf("an SSH server shows host keys: %q", keys)
	}
}

// testRepaired shows the way out of an identity stage that fails: no reboot is needed.
func testRepaired(t *testing.T, image unsealed) {
	root := clone(t, image.root)
	put(t, root, "var/lib/leaven/host-keys.json", "{", 0o644)
	c, state := bootAnyhow(t, nspawn.Config{Root: root})
	if state != "degraded" {
		t.Errorf("booted %q, want degraded", state)
	}
	silent(t, c)
	for _, text := range []string{"failed at step host-keys", "/var/lib/leaven/host-keys.json is damaged", "remove that file"} {
		if !strings.Contains(c.Console.Text(), text) {
			t.Errorf("the console does not say %q:\n%s", text, c.Console.Tail(20))
		}
	}
	run(t, c, "rm", "/var/lib/leaven/host-keys.json")
	run(t, c, "systemctl", "start", "ssh.service")
	ownKeys(t, c, image.baked)
}

// testKilled kills the identity stage after a while, in a boot, and boots again. (Package keys kills it at each system call.)
func testKilled(t *testing.T, image unsealed) {
	for _, after := range []string{"0.010", "0.020", "0.030", "0.040", "0.050", "0.070"} {
		t.Run(after+"s", func(t *testing.T) {
			root := clone(t, image.root)
			put(t, root, "etc/systemd/system/leaven-identity.service.d/kill.conf",
				"[Service]\nExecStart=\nExecStart=/usr/bin/timeout -s KILL "+after+" /usr/bin/leaven firstboot --stage identity\n", 0o644)
			c, _ := bootAnyhow(t, nspawn.Config{Root: root})
			shown := scan(t, c)
			if share(shown, image.baked) {
				t.Fatalf("sshd shows a host key of the image: %q", shown)
			}
			left := common(publicKeys(t, root), image.baked)
			t.Logf("killed after %s s: sshd shows %d keys, %d of the image are left", after, len(shown), len(left))
			off(t, c)
			remove(t, root, "etc/systemd/system/leaven-identity.service.d/kill.conf")

			c = boot(t, nspawn.Config{Root: root})
			keys := ownKeys(t, c, image.baked)
			if len(shown) > 0 && !slices.Equal(shown, keys) {
				t.Error("keys that sshd had shown before changed")
			}
			if on := publicKeys(t, root); !slices.Equal(on, keys) {
				t.Errorf("in /etc/ssh are %q, sshd shows %q", on, keys)
			}
			run(t, c, "leaven", "status")
		})
	}
}
