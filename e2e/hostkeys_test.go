package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/e2e/debroot"
	"github.com/leaven-dev/leaven/e2e/nspawn"
)

// scan returns the host keys that the container's SSH server shows, "type base64" each, sorted. None when nobody answers.
func scan(t *testing.T, c *nspawn.Container) []string {
	t.Helper()
	// ssh-keyscan fails when it gets no key at all, which is an answer here.
	out, _ := c.Run(t.Context(), "ssh-keyscan", "-T", "5", "-t", "rsa,ecdsa,ed25519", "127.0.0.1")
	var keys []string
	for line := range strings.Lines(out) {
		if _, key, ok := strings.Cut(strings.TrimSpace(line), " "); ok && !strings.HasPrefix(line, "#") {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// publicKeys returns the host keys that lie in a root, like scan.
func publicKeys(t *testing.T, root string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "etc/ssh/ssh_host_*_key.pub"))
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		f := strings.Fields(string(text))
		keys = append(keys, f[0]+" "+f[1])
	}
	slices.Sort(keys)
	return keys
}

// onConsole returns the host keys of the block that parsers look for, like scan.
func onConsole(text string) []string {
	_, rest, _ := strings.Cut(strings.ReplaceAll(text, "\r", ""), "\n-----BEGIN SSH HOST KEY KEYS-----\n")
	block, _, _ := strings.Cut(rest, "-----END SSH HOST KEY KEYS-----\n")
	var keys []string
	for line := range strings.Lines(block) {
		if f := strings.Fields(line); len(f) >= 2 {
			keys = append(keys, f[0]+" "+f[1])
		}
	}
	slices.Sort(keys)
	return keys
}

// common returns what two lists have in common.
func common(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(key string) bool { return !slices.Contains(b, key) })
}

// share tells whether two lists have a key in common.
func share(a, b []string) bool { return len(common(a, b)) > 0 }

// ownKeys checks that sshd shows keys of this instance's own, two of them and none of the image's, and returns them.
func ownKeys(t *testing.T, c *nspawn.Container, baked []string) []string {
	t.Helper()
	keys := scan(t, c)
	if len(keys) != 2 {
		t.Fatalf("sshd shows %d host keys, want an ECDSA and an Ed25519 one: %q", len(keys), keys)
	}
	if share(keys, baked) {
		t.Fatalf("sshd shows a host key of the image: %q", keys)
	}
	return keys
}

// bootAnyhow boots a container, whatever becomes of its units, and returns systemd's word for that.
func bootAnyhow(t *testing.T, cfg nspawn.Config) (c *nspawn.Container, state string) {
	t.Helper()
	c = begin(t, cfg)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	state, err := c.WaitBooted(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return c, state
}

// begin boots a container and returns as soon as its systemd takes commands.
func begin(t *testing.T, cfg nspawn.Config) *nspawn.Container {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	cfg.Console = filepath.Join(t.ArtifactDir(), "console.log")
	c, err := nspawn.Boot(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// off ends a container in good order, so that its root can be booted again.
func off(t *testing.T, c *nspawn.Container) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := c.Poweroff(ctx); err != nil {
		t.Fatal(err)
	}
}

// put writes a file into a root that is not running.
func put(t *testing.T, root, name, text string, mode os.FileMode) {
	t.Helper()
	name = filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// remove takes a file out of a root that is not running.
func remove(t *testing.T, root, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(root, name)); err != nil {
		t.Fatal(err)
	}
}

// clone gives what looks like a copy of a root that is not running, at once. The root must stay as it is until the test ends.
func clone(t *testing.T, root string) string {
	t.Helper()
	o, err := debroot.NewOverlay(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.Close(); err != nil {
			t.Error(err)
		}
	})
	return o.Root
}

// chroot runs a shell script in a root that is not running.
func chroot(t *testing.T, root, script string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "chroot", root, "sh", "-euc", script).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}
