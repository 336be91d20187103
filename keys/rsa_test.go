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

// instance has keys of its own, and no RSA key yet.
func instance(t *testing.T) string {
	t.Helper()
	dir := image(t)
	mustMake(t, dir, testInstance)
	return dir
}

func mustMakeRSA(t *testing.T, dir string) map[string]string {
	t.Helper()
	if err := makeRSA(dir, testInstance); err != nil {
		t.Fatal(err)
	}
	return tree(t, dir)
}

func wantRSA(t *testing.T, dir string, want Progress) {
	t.Helper()
	got, err := InspectRSA(open(t, dir), testInstance)
	if err != nil || got != want {
		t.Errorf("the RSA key is %q (error %v), want %q", got, err, want)
	}
}

var goodWithRSA = slices.Sorted(slices.Values(append(slices.Clone(good), "etc/ssh/ssh_host_rsa_key", "etc/ssh/ssh_host_rsa_key.pub")))

func TestMakeRSA(t *testing.T) {
	dir := instance(t)
	wantRSA(t, dir, Absent)
	before := tree(t, dir)
	after := mustMakeRSA(t, dir)
	wantRSA(t, dir, Made)
	if names := slices.Sorted(maps.Keys(after)); !slices.Equal(names, goodWithRSA) {
		t.Errorf("the root has %q, want %q", names, goodWithRSA)
	}
	for name, text := range before {
		if after[name] != text && name != "var/lib/leaven/host-keys.json" {
			t.Errorf("%s changed", name)
		}
	}
	if got := after["etc/ssh/ssh_host_rsa_key"]; !strings.HasPrefix(got, "-rw------- -----BEGIN OPENSSH PRIVATE KEY-----") {
		t.Errorf("the private key begins with %.60q", got)
	}
	if got := keygen(t, "-l", "-f", filepath.Join(dir, "etc/ssh/ssh_host_rsa_key")); !strings.HasPrefix(got, "2048 ") || !strings.HasSuffix(got, " root@golden (RSA)") {
		t.Errorf("ssh-keygen says %q", got)
	}
	m, err := loadManifest(open(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Keys) != 3 || m.Keys[2].File != RSAFile || m.Keys[2].Bits != 2048 {
		t.Errorf("the manifest has %+v", m.Keys)
	}
	if again := mustMakeRSA(t, dir); !maps.Equal(again, after) {
		t.Error("a second run changed something")
	}
	if again := mustMake(t, dir, testInstance); !maps.Equal(again, after) {
		t.Error("the identity stage of the next boot changed something")
	}
}

func TestRSASize(t *testing.T) {
	dir := instance(t)
	before := tree(t, dir)
	if err := MakeRSA(open(t, dir), testInstance, "", 1024); err == nil || !strings.Contains(err.Error(), "2048, 3072 or 4096") {
		t.Errorf("error is %v", err)
	}
	if !maps.Equal(before, tree(t, dir)) {
		t.Error("something was changed")
	}
	if err := MakeRSA(open(t, dir), testInstance, "", 0); err != nil {
		t.Fatal(err)
	}
	list, err := List(open(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 3 || list[2].Bits != 3072 {
		t.Errorf("the keys are %v, want RSA with 3072 bits as the third", list)
	}
}

func TestRSABeforeTheOthers(t *testing.T) {
	dir := image(t)
	before := tree(t, dir)
	if err := makeRSA(dir, testInstance); err == nil || !strings.Contains(err.Error(), "not made yet") {
		t.Errorf("error is %v", err)
	}
	if !maps.Equal(before, tree(t, dir)) {
		t.Error("something was changed")
	}
}

func TestCloneHasNoRSAKeyOfItsParent(t *testing.T) {
	for _, interrupted := range []bool{false, true} {
		dir := instance(t)
		if interrupted {
			if err := stageRSA(open(t, dir), testInstance, "root@golden", 2048); err != nil {
				t.Fatal(err)
			}
		} else {
			mustMakeRSA(t, dir)
		}
		if names := slices.Sorted(maps.Keys(mustMake(t, dir, "i-00000002"))); !slices.Equal(names, good) {
			t.Errorf("interrupted %v: the clone has %q, want %q", interrupted, names, good)
		}
		wantRSA(t, dir, Absent)
	}
}

func TestRSAKeyOfOthers(t *testing.T) {
	dir := instance(t)
	// openssh-server's scripts make one when the package is upgraded.
	key := filepath.Join(dir, "etc/ssh", RSAFile)
	keygen(t, "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", key)
	before := tree(t, dir)
	wantRSA(t, dir, Made)
	if !maps.Equal(before, mustMakeRSA(t, dir)) {
		t.Error("a key that somebody else made was changed")
	}
	// A generator that was cut off leaves an empty file, which sshd does not load.
	write(t, dir, "etc/ssh/ssh_host_rsa_key", "")
	wantRSA(t, dir, Absent)
	mustMakeRSA(t, dir)
	wantRSA(t, dir, Made)
	// What an administrator takes away stays away.
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	before = tree(t, dir)
	wantRSA(t, dir, Lost)
	if !maps.Equal(before, mustMakeRSA(t, dir)) {
		t.Error("a second RSA key was made")
	}
}

// A kill at any moment, and another run: one RSA key, and the others untouched.
func TestMakeRSAKilledAtEveryCall(t *testing.T) {
	t.Setenv("TMPDIR", "/dev/shm") // a kill loses nothing that was written, so syncing would only take time
	n := 0
	for ; ; n++ {
		dir := instance(t)
		first := tree(t, dir)
		err := crashtest.KillAt(killable(t, "rsa", dir), n)
		if err == nil {
			break
		}
		if !errors.Is(err, crashtest.ErrKilled) {
			t.Fatal(err)
		}
		before := tree(t, dir)
		// The next boot: identity, then the RSA key.
		mustMake(t, dir, testInstance)
		after := mustMakeRSA(t, dir)
		for name, text := range after {
			// What is left of the manifest's copy is in a folder where others write too; it has no secret.
			if strings.HasPrefix(name, "var/lib/leaven/.leaven-") && !strings.Contains(text, "PRIVATE") {
				delete(after, name)
				continue
			}
			if was, there := before[name]; there && was != text && name != "var/lib/leaven/host-keys.json" {
				t.Fatalf("killed at call %d: %s was there and changed", n, name)
			}
			if was, there := first[name]; there && was != text && name != "var/lib/leaven/host-keys.json" {
				t.Fatalf("killed at call %d: %s changed", n, name)
			}
		}
		if names := slices.Sorted(maps.Keys(after)); !slices.Equal(names, goodWithRSA) {
			t.Fatalf("killed at call %d: the finished state has %q, want %q", n, names, goodWithRSA)
		}
		wantRSA(t, dir, Made)
	}
	if n < 20 {
		t.Fatalf("only %d calls were seen; making a key takes more", n)
	}
	t.Logf("killed at each of %d calls", n)
}

func TestMakeRSASyncsWhatItRenames(t *testing.T) {
	calls, err := crashtest.Trace(killable(t, "rsa", instance(t)))
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

func TestDamagedRSARecord(t *testing.T) {
	dir := instance(t)
	write(t, dir, rsaStaged, "{")
	if err := makeRSA(dir, testInstance); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), rsaStaged) {
		t.Errorf("error is %v, want one that names the file", err)
	}
}

func TestServed(t *testing.T) {
	for _, c := range []struct {
		name   string
		config string
		want   []string
	}{
		{"by itself", "Port 22\n", []string{"/etc/ssh/ssh_host_rsa_key", "/etc/ssh/ssh_host_ecdsa_key", "/etc/ssh/ssh_host_ed25519_key"}},
		{"a list with the key", "HostKey /etc/ssh/ssh_host_ed25519_key\nHostKey /etc/ssh/ssh_host_rsa_key\nHostKey /etc/ssh/none\n", []string{"/etc/ssh/ssh_host_ed25519_key", "/etc/ssh/ssh_host_rsa_key"}},
		{"a list without it", "HostKey /etc/ssh/ssh_host_ed25519_key\n", []string{"/etc/ssh/ssh_host_ed25519_key"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := instance(t)
			mustMakeRSA(t, dir)
			write(t, dir, "etc/ssh/sshd_config", c.config)
			got, err := Served(open(t, dir))
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("served are %q (error %v), want %q", got, err, c.want)
			}
		})
	}
}
