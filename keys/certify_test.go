package keys

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leaven-dev/leaven/internal/crashtest"
	"github.com/leaven-dev/leaven/internal/rootfs"
)

// names are what clients connect to.
var names = []string{"Hub-1", "hub-1.example.com", "192.0.2.7", "2001:db8::7", testInstance, ""}

// certifier signs with the key that newAuthority made.
func certifier() Certifier {
	return Certifier{Authority: Authority{KeyFile: "/ca"}, Instance: testInstance, Principals: names, Lifetime: 90 * time.Hour}
}

// newAuthority has the real ssh-keygen make the key of a certificate authority at /ca in the tree.
func newAuthority(t *testing.T, dir string, args ...string) {
	t.Helper()
	keygen(t, append([]string{"-q", "-C", "ca", "-f", filepath.Join(dir, "ca")}, args...)...)
}

// signKeys is a deed: all that certificates take on a tree.
func signKeys(dir string) error {
	return within(dir, func(root *rootfs.Root) error {
		if _, err := certifier().Sign(context.Background(), root); err != nil {
			return err
		}
		return ServeCertificates(context.Background(), root, nil)
	})
}

func mustSign(t *testing.T, dir string, c Certifier) []Certificate {
	t.Helper()
	root := open(t, dir)
	list, err := c.Sign(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	if err := ServeCertificates(t.Context(), root, nil); err != nil {
		t.Fatal(err)
	}
	if due, err := c.Due(root); err != nil || len(due) > 0 {
		t.Fatalf("after signing there is something to do: %q, error %v", due, err)
	}
	return list
}

const edCert = "etc/ssh/ssh_host_ed25519_key-cert.pub"

func TestSignWithEachKindOfKey(t *testing.T) {
	for _, c := range []struct {
		name, signs string
		args        []string
	}{
		{"ed25519", "ED25519", []string{"-t", "ed25519", "-N", ""}},
		{"ecdsa 256", "ECDSA", []string{"-t", "ecdsa", "-b", "256", "-N", ""}},
		{"ecdsa 521", "ECDSA", []string{"-t", "ecdsa", "-b", "521", "-N", ""}},
		{"rsa", "using rsa-sha2-512", []string{"-t", "rsa", "-b", "2048", "-N", ""}},
		{"with a passphrase", "ED25519", []string{"-t", "ed25519", "-N", "open sesame"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := instance(t)
			mustMakeRSA(t, dir)
			newAuthority(t, dir, c.args...)
			with := certifier()
			if slices.Contains(c.args, "open sesame") {
				write(t, dir, "passphrase", "open sesame\n")
				with.Authority.PassphraseFile = "/passphrase"
			}
			list := mustSign(t, dir, with)
			if len(list) != 3 {
				t.Fatalf("there are %d certificates, want 3: %+v", len(list), list)
			}
			for _, cert := range list {
				file := filepath.Join(dir, cert.File)
				said := keygen(t, "-L", "-f", file)
				wants := []string{"host certificate", c.signs, "hub-1\n", "hub-1.example.com\n", "192.0.2.7\n", "2001:db8::7\n", testInstance + "\n", cert.Authority, cert.Fingerprint,
					fmt.Sprintf("Serial: %d\n", cert.Serial), `Key ID: "` + testInstance + " ssh_host_", "Critical Options: (none)"}
				for _, want := range wants {
					if !strings.Contains(said, want) {
						t.Errorf("%s: ssh-keygen -L does not say %q:\n%s", cert.File, want, said)
					}
				}
				if now := time.Now(); cert.After.Sub(now).Round(time.Minute) != -5*time.Minute || cert.Before.Sub(now).Round(time.Minute) != 90*time.Hour {
					t.Errorf("%s is valid from %v to %v", cert.File, cert.After, cert.Before)
				}
				if fi, err := os.Lstat(file); err != nil || fi.Mode() != 0o644 {
					t.Errorf("%s has mode %v (error %v), want 0644", cert.File, fi.Mode(), err)
				}
			}
			if got, want := list[0].Fingerprint, keygen(t, "-l", "-f", filepath.Join(dir, strings.TrimSuffix(list[0].File, "-cert.pub"))); !strings.Contains(want, got) {
				t.Errorf("the certificate is for %s, the key is %s", got, want)
			}
			if listed, err := Certificates(open(t, dir)); err != nil || len(listed) != 3 {
				t.Errorf("listed are %+v, error %v", listed, err)
			}
		})
	}
}

func TestForEver(t *testing.T) {
	dir := instance(t)
	newAuthority(t, dir, "-t", "ed25519", "-N", "")
	c := certifier()
	c.Lifetime = 0
	if list := mustSign(t, dir, c); !list[0].Before.IsZero() {
		t.Errorf("it ends %v", list[0].Before)
	}
	if said := keygen(t, "-L", "-f", filepath.Join(dir, edCert)); !strings.Contains(said, "Valid: after 2") {
		t.Errorf("ssh-keygen -L says %s", said)
	}
}

func TestGoodCertificatesAreKept(t *testing.T) {
	dir := instance(t)
	newAuthority(t, dir, "-t", "ed25519", "-N", "")
	mustSign(t, dir, certifier())
	before := tree(t, dir)
	mustSign(t, dir, certifier())
	if !maps.Equal(before, tree(t, dir)) {
		t.Fatal("a second run changed something")
	}
	// The authority's key may be deleted, as it should.
	if err := os.Remove(filepath.Join(dir, "ca")); err != nil {
		t.Fatal(err)
	}
	delete(before, "ca")
	mustSign(t, dir, certifier())
	if !maps.Equal(before, tree(t, dir)) {
		t.Error("a run without the authority's key changed something")
	}
}

func TestCertificatesAreMadeAnew(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(t *testing.T, dir string, c *Certifier)
		due    string
	}{
		{"another name", func(_ *testing.T, _ string, c *Certifier) { c.Principals = append(slices.Clone(names), "hub") }, `"hub" is none of its principals`},
		{"a name less", func(_ *testing.T, _ string, c *Certifier) { c.Principals = names[:2] }, "not the instance's any more"},
		{"another authority", func(t *testing.T, dir string, _ *Certifier) {
			os.Remove(filepath.Join(dir, "ca"))
			newAuthority(t, dir, "-t", "ed25519", "-N", "")
		}, "not the configured certificate authority"},
		{"another key", func(t *testing.T, dir string, _ *Certifier) {
			os.Remove(filepath.Join(dir, "etc/ssh/ssh_host_ed25519_key"))
			keygen(t, "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(dir, "etc/ssh/ssh_host_ed25519_key"))
		}, "it is for another key"},
		{"damaged", func(t *testing.T, dir string, _ *Certifier) { write(t, dir, edCert, "ssh-ed25519") }, "its certificate is damaged"},
		{"gone", func(t *testing.T, dir string, _ *Certifier) { os.Remove(filepath.Join(dir, edCert)) }, "it has no certificate"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := instance(t)
			newAuthority(t, dir, "-t", "ed25519", "-N", "")
			with := certifier()
			mustSign(t, dir, with)
			c.change(t, dir, &with)
			before := tree(t, dir)
			due, err := with.Due(open(t, dir))
			if err != nil || !strings.Contains(strings.Join(due, "\n"), c.due) {
				t.Errorf("due is %q, error %v, want %q", due, err, c.due)
			}
			mustSign(t, dir, with)
			if tree(t, dir)[edCert] == before[edCert] {
				t.Error("the certificate is the old one")
			}
		})
	}
}

func TestRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := instance(t)
		newAuthority(t, dir, "-t", "ed25519", "-N", "")
		root := open(t, dir)
		sign := func() string {
			if _, err := certifier().Sign(context.Background(), root); err != nil {
				t.Fatal(err)
			}
			return tree(t, dir)[edCert]
		}
		first := sign()
		time.Sleep(59 * time.Hour) // of 90
		if sign() != first {
			t.Error("renewed with more than a third left")
		}
		time.Sleep(2 * time.Hour)
		second := sign()
		if second == first {
			t.Error("not renewed with less than a third left")
		}
		// The authority is out of reach: what is good stays, and it is said.
		time.Sleep(61 * time.Hour)
		c := certifier()
		c.Authority = Authority{Command: []string{"false"}}
		if _, err := c.Sign(context.Background(), root); err == nil {
			t.Error("no error while the signing command fails")
		}
		if tree(t, dir)[edCert] != second {
			t.Error("a good certificate went because it could not be renewed")
		}
	})
}

func TestCloneHasNoCertificateOfItsParent(t *testing.T) {
	dir := instance(t)
	newAuthority(t, dir, "-t", "ed25519", "-N", "")
	mustSign(t, dir, certifier())
	if names := slices.Sorted(maps.Keys(mustMake(t, dir, "i-00000002"))); !slices.Equal(slices.DeleteFunc(names, isAuthority), good) {
		t.Errorf("the clone has %q, want %q", names, good)
	}
}

func isAuthority(name string) bool { return name == "ca" || name == "ca.pub" }

func TestWrongAuthority(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(t *testing.T, dir string, c *Certifier)
		want   string
	}{
		{"nothing configured", func(_ *testing.T, _ string, c *Certifier) { c.Authority = Authority{} }, "neither a key"},
		{"both configured", func(_ *testing.T, _ string, c *Certifier) { c.Authority.Command = []string{"true"} }, "configure one of them"},
		{"others may read the key", func(t *testing.T, dir string, _ *Certifier) { chmod(t, filepath.Join(dir, "ca"), 0o640) }, "others may use /ca, its mode is 0640; run `chmod 600 /ca`"},
		{"it is somebody else's", func(t *testing.T, dir string, _ *Certifier) {
			if err := os.Chown(filepath.Join(dir, "ca"), 65534, 65534); err != nil {
				t.Fatal("this test needs root: ", err)
			}
		}, "does not belong to root"},
		{"not there", func(_ *testing.T, _ string, c *Certifier) { c.Authority.KeyFile = "/none" }, "/none: no such file"},
		{"a public key", func(t *testing.T, dir string, _ *Certifier) {
			os.Rename(filepath.Join(dir, "ca.pub"), filepath.Join(dir, "ca"))
			chmod(t, filepath.Join(dir, "ca"), 0o600)
		}, "/ca: ssh: no key found"},
		{"a passphrase is needed", func(t *testing.T, dir string, _ *Certifier) {
			keygen(t, "-q", "-p", "-P", "", "-N", "sesame", "-f", filepath.Join(dir, "ca"))
		}, "it has a passphrase; configure the file"},
		{"the passphrase is wrong", func(t *testing.T, dir string, c *Certifier) {
			keygen(t, "-q", "-p", "-P", "", "-N", "sesame", "-f", filepath.Join(dir, "ca"))
			write(t, dir, "passphrase", "barley")
			c.Authority.PassphraseFile = "/passphrase"
		}, "decryption password incorrect"},
		{"others may read the passphrase", func(t *testing.T, dir string, c *Certifier) {
			write(t, dir, "passphrase", "sesame")
			chmod(t, filepath.Join(dir, "passphrase"), 0o604)
			c.Authority.PassphraseFile = "/passphrase"
		}, "others may use /passphrase"},
		{"not the one that is trusted", func(t *testing.T, dir string, c *Certifier) {
			c.Authority.Public = []byte(tree(t, dir)["etc/ssh/ssh_host_ed25519_key.pub"][len("-rw-r--r-- "):])
		}, "which is not the configured certificate authority"},
		{"the trusted one is no key", func(_ *testing.T, _ string, c *Certifier) { c.Authority.Public = []byte("ssh-ed25519 hello") }, "cannot read the public key of the certificate authority"},
		{"a wildcard", func(_ *testing.T, _ string, c *Certifier) { c.Principals = []string{"*.example.com"} }, `the name "*.example.com"`},
		{"no names", func(_ *testing.T, _ string, c *Certifier) { c.Principals = []string{""} }, "no name and no address"},
		{"too short", func(_ *testing.T, _ string, c *Certifier) { c.Lifetime = time.Second }, "at least a minute"},
		{"sshd serves others", func(t *testing.T, dir string, _ *Certifier) { write(t, dir, "etc/ssh/sshd_config", "HostKey /ca\n") }, "sshd serves none of /etc/ssh"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := instance(t)
			newAuthority(t, dir, "-t", "ed25519", "-N", "")
			with := certifier()
			c.change(t, dir, &with)
			before := tree(t, dir)
			_, err := with.Sign(t.Context(), open(t, dir))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want one with %q", err, c.want)
			}
			for _, secret := range []string{"sesame", "barley"} {
				if err != nil && strings.Contains(err.Error(), secret) {
					t.Errorf("the error has the passphrase: %v", err)
				}
			}
			if !maps.Equal(before, tree(t, dir)) {
				t.Error("something was changed")
			}
		})
	}
}

func chmod(t *testing.T, file string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(file, mode); err != nil {
		t.Fatal(err)
	}
}

func TestNoServerNoCertificates(t *testing.T) {
	dir := t.TempDir()
	mustMake(t, dir, testInstance)
	newAuthority(t, dir, "-t", "ed25519", "-N", "")
	if list := mustSign(t, dir, certifier()); len(list) > 0 {
		t.Errorf("made %v", list)
	}
}

// A kill at any moment, and another run: certificates for all keys, which sshd is told of. What was published stays.
func TestSignKilledAtEveryCall(t *testing.T) {
	t.Setenv("TMPDIR", "/dev/shm")
	want := slices.Sorted(slices.Values(append(slices.Clone(good), "ca", "ca.pub", DropIn[1:], edCert, "etc/ssh/ssh_host_ecdsa_key-cert.pub")))
	n := 0
	for ; ; n++ {
		dir := instance(t)
		newAuthority(t, dir, "-t", "ed25519", "-N", "")
		err := crashtest.KillAt(killable(t, "sign", dir), n)
		if err == nil {
			break
		}
		if !errors.Is(err, crashtest.ErrKilled) {
			t.Fatal(err)
		}
		before := tree(t, dir)
		mustSign(t, dir, certifier())
		after := tree(t, dir)
		if names := slices.Sorted(maps.Keys(after)); !slices.Equal(names, want) {
			t.Fatalf("killed at call %d: the finished state has %q, want %q", n, names, want)
		}
		for name, text := range before {
			if !isTemporary(filepath.Base(name)) && after[name] != text {
				t.Fatalf("killed at call %d: %s was there and changed", n, name)
			}
		}
	}
	if n < 15 {
		t.Fatalf("only %d calls were seen; this takes more", n)
	}
	t.Logf("killed at each of %d calls", n)
}

func TestSignSyncsWhatItRenames(t *testing.T) {
	dir := instance(t)
	newAuthority(t, dir, "-t", "ed25519", "-N", "")
	calls, err := crashtest.Trace(killable(t, "sign", dir))
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
