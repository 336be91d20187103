package keys

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

func open(t *testing.T, dir string) *rootfs.Root {
	t.Helper()
	root, err := rootfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root
}

func mustMake(t *testing.T, dir, instance string) map[string]string {
	t.Helper()
	if err := makeKeys(dir, instance); err != nil {
		t.Fatal(err)
	}
	return tree(t, dir)
}

func TestNewInstanceGetsNewKeys(t *testing.T) {
	dir := image(t)
	first := mustMake(t, dir, "i-00000001")
	// The disk of a running instance becomes another one, and later the first again: no key ever comes back.
	second := mustMake(t, dir, "i-00000002")
	third := mustMake(t, dir, "i-00000001")
	const key = "etc/ssh/ssh_host_ed25519_key"
	if first[key] == second[key] || second[key] == third[key] || first[key] == third[key] {
		t.Error("two instances have the same Ed25519 key")
	}
	if names := slices.Sorted(maps.Keys(third)); !slices.Equal(names, good) {
		t.Errorf("the root has %q, want %q", names, good)
	}
}

// An image of an instance that was cut off while it published must not pass for the instance of its manifest.
func TestStagedForAnotherInstance(t *testing.T) {
	dir := image(t)
	first := mustMake(t, dir, "i-00000001")
	root := open(t, dir)
	if err := stage(root, "i-00000002", "root@other", true); err != nil {
		t.Fatal(err)
	}
	s, err := Inspect(root, "i-00000001")
	if err != nil {
		t.Fatal(err)
	}
	if s.Progress != Absent {
		t.Errorf("progress is %q while keys of another instance were being published, want %q", s.Progress, Absent)
	}
	if again := mustMake(t, dir, "i-00000001"); again["etc/ssh/ssh_host_ecdsa_key"] == first["etc/ssh/ssh_host_ecdsa_key"] {
		t.Error("a key that another instance may have seen is used again")
	}
}

func TestKeysOfOthersStay(t *testing.T) {
	dir := image(t)
	mustMake(t, dir, "i-00000001")
	// An upgrade of openssh-server makes an RSA key; an administrator takes ECDSA away.
	write(t, dir, "etc/ssh/ssh_host_rsa_key", "made later")
	if err := os.Remove(filepath.Join(dir, "etc/ssh/ssh_host_ecdsa_key")); err != nil {
		t.Fatal(err)
	}
	before := tree(t, dir)
	if after := mustMake(t, dir, "i-00000001"); !maps.Equal(before, after) {
		t.Error("a later run changed keys")
	}
	s, err := Inspect(open(t, dir), "i-00000001")
	if err != nil {
		t.Fatal(err)
	}
	if s.Progress != Made || !slices.Equal(s.Missing, []string{"ssh_host_ecdsa_key"}) {
		t.Errorf("standing is %+v, want made, with ssh_host_ecdsa_key missing", s)
	}
}

func TestNoUsableKeyLeft(t *testing.T) {
	dir := image(t)
	mustMake(t, dir, "i-00000001")
	write(t, dir, "etc/ssh/ssh_host_ed25519_key", "") // as after a power cut that met a generator without fsync
	if err := os.Remove(filepath.Join(dir, "etc/ssh/ssh_host_ecdsa_key")); err != nil {
		t.Fatal(err)
	}
	s, err := Inspect(open(t, dir), "i-00000001")
	if err != nil {
		t.Fatal(err)
	}
	if s.Progress != Lost {
		t.Errorf("progress is %q, want %q", s.Progress, Lost)
	}
	if names := slices.Sorted(maps.Keys(mustMake(t, dir, "i-00000001"))); !slices.Equal(names, good) {
		t.Errorf("the root has %q, want %q", names, good)
	}
}

func TestWithoutServer(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "etc/ssh/ssh_host_rsa_key", "baked")
	if names := slices.Sorted(maps.Keys(mustMake(t, dir, "i-00000001"))); !slices.Equal(names, []string{"var/lib/leaven/host-keys.json"}) {
		t.Errorf("the root has %q, want the manifest alone", names)
	}
	// A server is installed later; its package makes a key.
	write(t, dir, "etc/ssh/sshd_config", "")
	pairs, err := generate("root@later")
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "etc/ssh/ssh_host_ed25519_key", pairs[0].Private)
	before := tree(t, dir)
	if after := mustMake(t, dir, "i-00000001"); !maps.Equal(before, after) {
		t.Error("a key that was made on the instance was taken for the image's")
	}
}

func TestDamagedRecordIsNoFirstBoot(t *testing.T) {
	for _, file := range []string{manifestFile, stagedFile} {
		for _, text := range []string{"", "{", `{"schema":"leaven/host-keys/9"}`} {
			dir := image(t)
			mustMake(t, dir, "i-00000001")
			write(t, dir, file, text)
			before := tree(t, dir)
			err := makeKeys(dir, "i-00000001")
			if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), file) {
				t.Errorf("%s with %q: error is %v, want one that names the file", file, text, err)
			}
			if !maps.Equal(before, tree(t, dir)) {
				t.Errorf("%s with %q: something was changed", file, text)
			}
		}
	}
}

func TestLinksInThePlaceOfKeys(t *testing.T) {
	dir := image(t)
	outside := filepath.Join(t.TempDir(), "victim")
	if err := os.WriteFile(outside, []byte("untouched"), 0o600); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "etc/keys/shared", "untouched")
	for link, target := range map[string]string{"ssh_host_ecdsa_key": outside, "ssh_host_rsa_key.pub": "/etc/keys/shared"} {
		os.Remove(filepath.Join(dir, "etc/ssh", link))
		if err := os.Symlink(target, filepath.Join(dir, "etc/ssh", link)); err != nil {
			t.Fatal(err)
		}
	}
	after := mustMake(t, dir, "i-00000001")
	if text, _ := os.ReadFile(outside); string(text) != "untouched" || !strings.HasSuffix(after["etc/keys/shared"], "untouched") {
		t.Error("a link was followed")
	}
	if fi, err := os.Lstat(filepath.Join(dir, "etc/ssh/ssh_host_ecdsa_key")); err != nil || !fi.Mode().IsRegular() {
		t.Errorf("ssh_host_ecdsa_key is %v (%v), want a file", fi, err)
	}
}

func TestModes(t *testing.T) {
	dir := image(t)
	old := syscall.Umask(0o777) // must not matter
	err := makeKeys(dir, "i-00000001")
	syscall.Umask(old)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"etc/ssh/ssh_host_ed25519_key":     "-rw-------",
		"etc/ssh/ssh_host_ed25519_key.pub": "-rw-r--r--",
		"etc/ssh/ssh_host_ecdsa_key":       "-rw-------",
		"etc/ssh/ssh_host_ecdsa_key.pub":   "-rw-r--r--",
		"var/lib/leaven":                   "drwxr-xr-x",
		"var/lib/leaven/host-keys.json":    "-rw-r--r--",
	} {
		fi, err := os.Lstat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := fi.Mode().String(); got != want {
			t.Errorf("%s has mode %s, want %s", name, got, want)
		}
	}
}
