package keys

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/leaven-dev/leaven/internal/crashtest"
)

// image lays out a root as a careless bake leaves it: a server, and keys of the builder.
func image(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"etc/ssh/sshd_config":                   "Include /etc/ssh/sshd_config.d/*.conf\n",
		"etc/ssh/ssh_config":                    "",
		"etc/ssh/ssh_host_ed25519_key":          "baked",
		"etc/ssh/ssh_host_ed25519_key.pub":      "baked",
		"etc/ssh/ssh_host_ed25519_key-cert.pub": "baked",
		"etc/ssh/ssh_host_rsa_key":              "baked",
		"etc/ssh/ssh_host_rsa_key.pub":          "baked",
		"etc/ssh/ssh_host_dsa_key.dpkg-old":     "baked",
		"etc/ssh/server_host_ecdsa_key":         "baked",
	} {
		write(t, dir, name, text)
	}
	return dir
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	name = filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// tree returns every file below dir with its content and mode.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		fi, err := e.Info()
		if err != nil {
			return err
		}
		data, err := os.ReadFile(name)
		rel, _ := filepath.Rel(dir, name)
		files[rel] = fi.Mode().String() + " " + string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// good is what an instance with its own keys has, in the image's place.
var good = []string{
	"etc/ssh/ssh_config",
	"etc/ssh/ssh_host_ecdsa_key",
	"etc/ssh/ssh_host_ecdsa_key.pub",
	"etc/ssh/ssh_host_ed25519_key",
	"etc/ssh/ssh_host_ed25519_key.pub",
	"etc/ssh/sshd_config",
	"var/lib/leaven/host-keys.json",
}

// A kill at any moment, and another run: the same good state. What was published before the kill did not change.
func TestMakeKilledAtEveryCall(t *testing.T) {
	t.Setenv("TMPDIR", "/dev/shm") // a kill loses nothing that was written, so syncing would only take time
	n := 0
	for ; ; n++ {
		dir := image(t)
		err := crashtest.KillAt(killable(t, "make", dir), n)
		if err == nil {
			break
		}
		if !errors.Is(err, crashtest.ErrKilled) {
			t.Fatal(err)
		}
		before := tree(t, dir)
		if err := makeKeys(dir, "i-0123456789abcdef0"); err != nil {
			t.Fatalf("killed at call %d: cannot finish: %v", n, err)
		}
		after := tree(t, dir)
		if names := slices.Sorted(maps.Keys(after)); !slices.Equal(names, good) {
			t.Fatalf("killed at call %d: the finished state has %q, want %q", n, names, good)
		}
		for name, text := range after {
			if strings.Contains(text, "baked") {
				t.Fatalf("killed at call %d: %s is still the image's", n, name)
			}
			old, was := before[name]
			if was && strings.Contains(name, "ssh_host_") && !strings.Contains(old, "baked") && old != text {
				t.Fatalf("killed at call %d: %s was published and changed", n, name)
			}
		}
		if again := remake(t, dir); !maps.Equal(again, after) {
			t.Fatalf("killed at call %d: a third run changed something", n)
		}
	}
	if n < 40 {
		t.Fatalf("only %d calls were seen; making keys takes more", n)
	}
	t.Logf("killed at each of %d calls", n)
}

func remake(t *testing.T, dir string) map[string]string {
	t.Helper()
	if err := makeKeys(dir, "i-0123456789abcdef0"); err != nil {
		t.Fatal(err)
	}
	return tree(t, dir)
}

func TestMakeSyncsWhatItRenames(t *testing.T) {
	calls, err := crashtest.Trace(killable(t, "make", image(t)))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(calls, "rename") {
		t.Fatalf("the trace has no rename: %v", calls)
	}
	if err := crashtest.Unsynced(calls); err != nil {
		t.Error(err)
	}
}
