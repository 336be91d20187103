package mounts

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/leaven-dev/leaven/internal/rootfs"
	"github.com/leaven-dev/leaven/internal/schema"
	"github.com/leaven-dev/leaven/internal/strictyaml"
)

func tree(t *testing.T) (*rootfs.Root, string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "etc/fstab"), []byte("# mine\nLABEL=x / ext4 rw 0 1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	root, err := rootfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root, dir
}

func table(t *testing.T, root *rootfs.Root, scope Scope, list ...Mount) *Table {
	t.Helper()
	made, err := NewTable(root, scope, "eu-central-1", list)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// apply applies and wants that there is nothing left to do.
func apply(t *testing.T, tab *Table) (changed bool) {
	t.Helper()
	changed, err := tab.Apply(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if rest, err := tab.Plan(); err != nil || rest != nil {
		t.Errorf("left to do: %v, %v", rest, err)
	}
	if again, err := tab.Apply(t.Context()); err != nil || again {
		t.Errorf("a second time: %v, %v", again, err)
	}
	return changed
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestTable(t *testing.T) {
	root, dir := tree(t)
	before := read(t, dir, "etc/fstab")
	a := Mount{At: "/srv/a", EFS: "fs-01234567", RequiredBy: []string{"x.service"}}
	b := Mount{At: "/srv/b c", NFS: "host:/b", RequiredBy: []string{"x.service", "y.service"}}
	plan, err := table(t, root, FirstBoot, a, b).Plan()
	if err != nil || len(plan) != 6 {
		t.Errorf("plan %q, %v", plan, err)
	}
	if !apply(t, table(t, root, FirstBoot, a, b)) {
		t.Error("nothing changed")
	}
	first := read(t, dir, "etc/fstab")
	if got := read(t, dir, "etc/systemd/system/x.service.d/50-leaven-firstboot-mounts.conf"); !strings.HasSuffix(got, "[Unit]\nRequiresMountsFor=\"/srv/a\" \"/srv/b c\"\n") {
		t.Errorf("drop-in %q", got)
	}
	if fi, err := os.Stat(filepath.Join(dir, "srv/b c")); err != nil || fi.Mode() != fs.ModeDir|0o700 {
		t.Errorf("%v, %v", fi, err)
	}

	// Only the changed line changes.
	b.NFS, b.RequiredBy = "other:/b", nil
	apply(t, table(t, root, FirstBoot, a, b))
	if diff := cmp.Diff(strings.Replace(first, "host:/b", "other:/b", 1), read(t, dir, "etc/fstab")); diff != "" {
		t.Error(diff)
	}
	if _, err := os.Stat(filepath.Join(dir, "etc/systemd/system/y.service.d/50-leaven-firstboot-mounts.conf")); err == nil {
		t.Error("a drop-in that nobody asks for is left")
	}

	// What was written by hand stays when first boot knows nothing of it, and the other way round.
	c := Mount{At: "/srv/c", NFS: "host:/c", RequiredBy: []string{"x.service"}}
	apply(t, table(t, root, ByHand, c))
	apply(t, table(t, root, FirstBoot))
	if diff := cmp.Diff(before+"host:/c /srv/c nfs4 nfsvers=4.1,rsize=1048576,wsize=1048576,hard,timeo=600,retrans=2,noresvport,_netdev,nofail,x-systemd.mount-timeout=90s,x-leaven 0 0\n", read(t, dir, "etc/fstab")); diff != "" {
		t.Error(diff)
	}
	read(t, dir, "etc/systemd/system/x.service.d/50-leaven-mounts.conf")
	if apply(t, table(t, root, FirstBoot, Mount{At: "/srv/c", NFS: "host:/c"})) {
		t.Error("a line that says what is wanted was changed")
	}
	apply(t, table(t, root, ByHand))
	if read(t, dir, "etc/fstab") != before {
		t.Errorf("left:\n%s", read(t, dir, "etc/fstab"))
	}
}

func TestFolders(t *testing.T) {
	root, dir := tree(t)
	for _, name := range []string{"srv/open", "real/in"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{"srv/link": "/real", "srv/file": ""} {
		var err error
		if target == "" {
			err = os.WriteFile(filepath.Join(dir, link), nil, 0o644)
		} else {
			err = os.Symlink(target, filepath.Join(dir, link))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	apply(t, table(t, root, ByHand, Mount{At: "/srv/open", NFS: "host:/x"}))
	if fi, err := os.Stat(filepath.Join(dir, "srv/open")); err != nil || fi.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", fi, err)
	}
	before := read(t, dir, "etc/fstab")
	for at, want := range map[string]string{
		"/srv/link":     "leads over a link to /real; write that",
		"/srv/link/in":  "leads over a link to /real/in; write that",
		"/srv/link/new": "leads over a link to /real/new; write that",
		"/srv/file":     "it is no folder",
		"/srv/file/x":   "a folder before it is none",
	} {
		tab := table(t, root, ByHand, Mount{At: at, NFS: "host:/x"})
		if _, err := tab.Plan(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", at, err, want)
		}
		if _, err := tab.Apply(t.Context()); err == nil || read(t, dir, "etc/fstab") != before {
			t.Errorf("%s was written: %v", at, err)
		}
	}
}

func TestHelper(t *testing.T) {
	root, dir := tree(t)
	m := Mount{At: "/srv/a", EFS: "fs-01234567", TLS: true}
	if _, err := NewTable(root, ByHand, "eu-central-1", []Mount{m}); err == nil || !strings.Contains(err.Error(), "the mount at /srv/a: ") || !strings.Contains(err.Error(), "install amazon-efs-utils") {
		t.Errorf("%v", err)
	}
	if err := os.Mkdir(filepath.Join(dir, "sbin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "sbin/mount.efs"), nil, 0o755); err != nil {
		t.Fatal(err)
	}
	apply(t, table(t, root, ByHand, m))
	if got := read(t, dir, "etc/fstab"); !strings.Contains(got, "fs-01234567:/ /srv/a efs nfsvers=4.1,") || !strings.Contains(got, ",tls,region=eu-central-1,x-leaven 0 0\n") {
		t.Errorf("%s", got)
	}
}

// What is wrong is told with its place.
func TestCheck(t *testing.T) {
	for text, want := range map[string]string{
		"{at: /a}": "needs one source", "{at: /a, efs: fs-01234567, nfs: 'h:/x'}": "needs one source", "{nfs: 'h:/x'}": "at is missing",
		"{at: /a/, nfs: 'h:/x'}": "write the mount point as /a", "{at: /usr/lib, nfs: 'h:/x'}": "the system's own", "{at: /var/lib, nfs: 'h:/x'}": "the system's own",
		"{at: /a, efs: fs-01234567, az: eu-west-1a, region: us-east-1}": "eu-west-1a is not in the region us-east-1", "{at: /a, nfs: 'h:/x', iam: true}": "iam is for efs",
		"{at: /a, nfs: 'h:/x', options: [hard, soft]}": ":1:41: the options hard and soft exclude one another", "{at: /a, efs: fs-x}": "does not fit", "{at: /a, nfs: '-h:/x'}": "does not fit",
		"{at: /a, nfs: 'h:/x', required_by: [sshd]}": "does not fit", "{at: /a, nfs: 'h:/x', owner: 'a b'}": "does not fit", "{at: /a, nfs: 'h:/x', mode: '1777'}": "octal",
		"{at: /a, nfs: 'h:/x', policy: maybe}": "want one of", "{at: /a, nfs: 'h:/x', option: [ro]}": `did you mean "options"?`,
	} {
		var c struct {
			Mounts []Mount `key:"mounts" by:"at"`
		}
		s := schema.New(schema.Section{Into: &c})
		s.Add(strictyaml.Parse("x.yaml", []byte("mounts: ["+text+"]")))
		if err := s.Finish(); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "x.yaml:1:") {
			t.Errorf("%s: %v, want %q with its place", text, err, want)
		}
	}
}

// Two NFS clients of one name take each other's locks: seen with two hubs that were both called "hub".
func TestClientName(t *testing.T) {
	root, dir := tree(t)
	tab := table(t, root, FirstBoot, Mount{At: "/srv/a", EFS: "fs-01234567"})
	tab.Client = "i-0123456789abcdef0"
	put := func(name, text string) {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	put(clientFile, "options nfs nfs4_unique_id=i-0fedcba9876543210\n") // of the instance from which the image was made
	put(clientParameter, "\n")                                          // the module is loaded
	if !apply(t, tab) {
		t.Error("nothing was changed")
	}
	if got := read(t, dir, clientFile); !strings.HasSuffix(got, "\noptions nfs nfs4_unique_id=i-0123456789abcdef0\n") {
		t.Errorf("%s: %q", clientFile, got)
	}
	if got := read(t, dir, clientParameter); got != "i-0123456789abcdef0" {
		t.Errorf("%s: %q", clientParameter, got)
	}
	// The kernel of a container is another machine's too.
	put(clientParameter, "")
	put("/run/systemd/container", "systemd-nspawn")
	apply(t, tab)
	if got := read(t, dir, clientParameter); got != "" {
		t.Errorf("in a container, %s: %q", clientParameter, got)
	}
}
