package audit

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/md5"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/leaven-dev/leaven/bake"
	"github.com/leaven-dev/leaven/bake/baseline"
	"github.com/leaven-dev/leaven/bake/settings"
	"github.com/leaven-dev/leaven/internal/rootfs"
)

// key makes a private key as text.
func key(t *testing.T) string {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	full := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// rules are a small catalogue.
func rules() []bake.Rule {
	return []bake.Rule{
		{ID: "keys", Title: "keys", Why: "w", Where: []string{"/srv/keys/*"}, Action: bake.Delete, Secret: true},
		{ID: "records", Title: "logs", Why: "w", Where: []string{"/var/log/**"}, Action: bake.Truncate, Stage: bake.Shutdown},
		{ID: "root-password", Title: "p", Why: "w", Where: []string{"/etc/shadow"}, Action: bake.Edit, Edit: &bake.Lines{Match: `^root:[^:]+`, With: "root:*"}},
	}
}

// run audits a directory and returns the findings and all that was written of them.
func run(t *testing.T, dir string, planning bake.Options, o Options) ([]bake.Finding, string) {
	t.Helper()
	root, err := rootfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	catalogue, err := bake.NewCatalogue(rules())
	if err != nil {
		t.Fatal(err)
	}
	plan, err := bake.NewPlan(root, catalogue, planning)
	if err != nil {
		t.Fatal(err)
	}
	found, notes, err := Run(context.Background(), root, plan, o)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(found)
	if err != nil {
		t.Fatal(err)
	}
	return found, string(text) + strings.Join(notes, "\n")
}

// want compares "state rule path".
func want(t *testing.T, found []bake.Finding, lines ...string) {
	t.Helper()
	var got []string
	for _, f := range found {
		got = append(got, fmt.Sprintf("%s %s %s", f.State, f.Rule, f.Path))
		if f.Fix == "" || f.Message == "" {
			t.Errorf("%s says nothing: %+v", f.Rule, f)
		}
	}
	if diff := cmp.Diff(lines, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// packaged writes a dpkg database that owns these files.
func packaged(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	list := ""
	for name, content := range files {
		sum := md5.Sum([]byte(content))
		list += hex.EncodeToString(sum[:]) + "  " + strings.TrimPrefix(name, "/") + "\n"
	}
	write(t, dir, "var/lib/dpkg/info/tool.md5sums", list)
	write(t, dir, "var/lib/dpkg/status", "Package: tool\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n")
}

func TestSecretsAreNeverPrinted(t *testing.T) {
	dir, secret := t.TempDir(), key(t)
	write(t, dir, "opt/app/server.key", secret)
	write(t, dir, "opt/odd\xff\n name/a.key", secret)
	found, text := run(t, dir, bake.Options{}, Options{Salt: []byte("0123456789")})
	want(t, found, "dirty private-key /opt/app/server.key", `dirty private-key /opt/odd\xff\x0a name/a.key`)
	if found[0].Hash == "" || found[0].Hash != found[1].Hash {
		t.Errorf("hashes %q and %q of one secret", found[0].Hash, found[1].Hash)
	}
	for line := range strings.Lines(secret) {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "-") && strings.Contains(text, line[:16]) {
			t.Error("a part of the secret is printed")
		}
	}
	other, _ := run(t, dir, bake.Options{}, Options{Salt: []byte("9876543210")})
	if other[0].Hash == found[0].Hash {
		t.Error("the hash does not depend on the salt")
	}
}

func TestPackagedFiles(t *testing.T) {
	dir, secret := t.TempDir(), key(t)
	write(t, dir, "usr/lib/tool/a.pem", secret)
	write(t, dir, "usr/lib/tool/b.pem", secret)
	packaged(t, dir, map[string]string{"/usr/lib/tool/a.pem": secret, "/usr/lib/tool/b.pem": "something else"})
	found, text := run(t, dir, bake.Options{}, Options{})
	want(t, found, "dirty private-key /usr/lib/tool/b.pem")
	if !strings.Contains(text, "1 file left out because they are as their packages installed them, by the checksums of dpkg; these lie in the image itself") {
		t.Errorf("nothing says that a file was left out: %s", text)
	}
	found, _ = run(t, dir, bake.Options{}, Options{Full: true})
	want(t, found, "dirty private-key /usr/lib/tool/a.pem", "dirty private-key /usr/lib/tool/b.pem")
}

// A file that is too large to be kept while its checksum is made is read twice, and all of it.
func TestLargePackagedFile(t *testing.T) {
	dir := t.TempDir()
	content := strings.Repeat("nothing of interest here\n", inMemory/20) + key(t)
	write(t, dir, "usr/share/large", content)
	packaged(t, dir, map[string]string{"/usr/share/large": content})
	found, _ := run(t, dir, bake.Options{}, Options{})
	want(t, found)
	packaged(t, dir, map[string]string{"/usr/share/large": "other"})
	found, _ = run(t, dir, bake.Options{}, Options{})
	want(t, found, "dirty private-key /usr/share/large")
}

func remember(t *testing.T, dir string) *baseline.Baseline {
	t.Helper()
	root, err := rootfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	taken, err := baseline.Take(context.Background(), root, func(string) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := taken.Write(&text); err != nil {
		t.Fatal(err)
	}
	again, err := baseline.Read(&text)
	if err != nil {
		t.Fatal(err)
	}
	return again
}

func TestBaseline(t *testing.T) {
	dir, secret := t.TempDir(), key(t)
	write(t, dir, "opt/before.key", secret)
	write(t, dir, "opt/copied.key", secret)
	write(t, dir, "opt/changed.key", strings.ToLower(secret))
	base := remember(t, dir)
	write(t, dir, "opt/copied.key", secret) // the same content at another time
	write(t, dir, "opt/changed.key", secret)
	write(t, dir, "opt/new.key", secret)
	found, text := run(t, dir, bake.Options{}, Options{Baseline: base})
	want(t, found, "dirty private-key /opt/changed.key", "dirty private-key /opt/new.key")
	if !strings.Contains(text, "2 files left out because they are as they were when the build began") {
		t.Errorf("notes: %s", text)
	}
	found, _ = run(t, dir, bake.Options{}, Options{Baseline: base, Full: true})
	if len(found) != 4 {
		t.Errorf("full: %d findings", len(found))
	}
}

// Whoever changes a file of a package and its checksum with it is found out by a baseline, unless the package was upgraded.
func TestChangedChecksums(t *testing.T) {
	dir, secret := t.TempDir(), key(t)
	write(t, dir, "usr/lib/tool/a.pem", "harmless")
	packaged(t, dir, map[string]string{"/usr/lib/tool/a.pem": "harmless"})
	base := remember(t, dir)
	write(t, dir, "usr/lib/tool/a.pem", secret)
	packaged(t, dir, map[string]string{"/usr/lib/tool/a.pem": secret})
	found, _ := run(t, dir, bake.Options{}, Options{Baseline: base})
	want(t, found, "dirty package-checksums /var/lib/dpkg/info/tool.md5sums", "dirty private-key /usr/lib/tool/a.pem")
	write(t, dir, "var/lib/dpkg/status", "Package: tool\nStatus: install ok installed\nArchitecture: all\nVersion: 2\n")
	found, _ = run(t, dir, bake.Options{}, Options{Baseline: base})
	want(t, found)
}

// What the catalogue takes needs no second finding; what it leaves does.
func TestPlannedFiles(t *testing.T) {
	dir, secret := t.TempDir(), key(t)
	write(t, dir, "srv/keys/a/deep.key", secret)
	write(t, dir, "var/log/app.log", secret)
	write(t, dir, "etc/passwd", "root:x:0:0::/root:/bin/sh\n")
	write(t, dir, "etc/shadow", "root:$6$saltstring$HeKWCanVMkv8W2avLhej/1gcFVk4HLxHV8sDejT6TOnvld2.BMTK4KKTrU0WkI0yK6b1VDeVmrBLJ0fOTJB5O1:::::::\n")
	found, _ := run(t, dir, bake.Options{}, Options{Armed: true, Skip: []string{"crypt-hash", "password-assignment"}})
	want(t, found, "dirty keys /srv/keys/a", "dirty root-password /etc/shadow", "pending records /var/log/app.log")
	// A rule for secrets that is switched off says that they belong there; one for logs says nothing of secrets in them.
	found, _ = run(t, dir, bake.Options{Skip: []string{"keys", "records", "root-password"}}, Options{Skip: []string{"crypt-hash", "password-assignment"}})
	want(t, found, "dirty private-key /var/log/app.log")
}

func TestAllow(t *testing.T) {
	dir, secret := t.TempDir(), key(t)
	salt := []byte("0123456789")
	write(t, dir, "opt/a/one.key", secret)
	write(t, dir, "opt/b/two.key", key(t))
	write(t, dir, "etc/passwd", "root::0:0::/root:/bin/sh\n")
	found, _ := run(t, dir, bake.Options{}, Options{Salt: salt})
	want(t, found, "dirty account-empty-password /etc/passwd", "dirty private-key /opt/a/one.key", "dirty private-key /opt/b/two.key")
	hash := found[1].Hash
	for text, lines := range map[string][]string{
		"rule=private-key":              {"dirty account-empty-password /etc/passwd"},
		"path=/opt":                     {"dirty account-empty-password /etc/passwd"},
		"path=/opt/*/one.key":           {"dirty account-empty-password /etc/passwd", "dirty private-key /opt/b/two.key"},
		"hash=" + hash:                  {"dirty account-empty-password /etc/passwd", "dirty private-key /opt/b/two.key"},
		"rule=private-key,path=/opt/b":  {"dirty account-empty-password /etc/passwd", "dirty private-key /opt/a/one.key"},
		"rule=private-key,path=/opt/bb": {"dirty account-empty-password /etc/passwd", "dirty private-key /opt/a/one.key", "dirty private-key /opt/b/two.key"},
	} {
		a, err := settings.ParseAllow(text)
		if err != nil {
			t.Fatal(err)
		}
		found, said := run(t, dir, bake.Options{}, Options{Salt: salt, Allow: []settings.Allow{a}})
		want(t, found, lines...)
		if stale := strings.Contains(said, "accepts nothing"); stale != (len(lines) == 3) {
			t.Errorf("%s: an entry that accepts nothing is named: %v", text, stale)
		}
	}
}

func TestOnlyAndSkip(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "opt/one.key", key(t))
	write(t, dir, "etc/passwd", "root::0:0::/root:/bin/sh\n")
	found, _ := run(t, dir, bake.Options{}, Options{Only: []string{"private-key"}})
	want(t, found, "dirty private-key /opt/one.key")
	found, _ = run(t, dir, bake.Options{}, Options{Skip: []string{"private-key"}})
	want(t, found, "dirty account-empty-password /etc/passwd")
}

// What is mounted in the tree and is no part of the image: nothing, where it cannot hold anything of it; else nobody can
// tell what lies below.
func TestMounts(t *testing.T) {
	for kind, lines := range map[string][]string{
		"tmpfs": nil, "proc": nil, "squashfs": nil, "overlay": nil,
		"nfs4": {"unknown secrets-unread /mnt"}, "ext4": {"unknown secrets-unread /mnt"}, "fuse.sshfs": {"unknown secrets-unread /mnt"},
	} {
		s := &files{foreign: map[string]rootfs.Mount{"/mnt": {Point: "/mnt", Type: kind}}}
		if s.enter("/mnt") || !s.enter("/mnt2") {
			t.Errorf("%s: entered the wrong folder", kind)
		}
		want(t, s.found, lines...)
	}
}

// The error that ends an audit comes with what was found so far, and an audit that was ended is not clean.
func TestEndedContext(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "etc/passwd", "root::0:0::/root:/bin/sh\n")
	root, err := rootfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	catalogue, err := bake.NewCatalogue(nil)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := bake.NewPlan(root, catalogue, bake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if found, _, err := Run(ctx, root, plan, Options{}); err == nil || len(found) != 1 {
		t.Errorf("%d findings, %v", len(found), err)
	}
}
