package corpus

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// canary is a folder outside the tree to which the tree leads in every way there is. Nothing in it may change.
type canary struct {
	dir   string
	files map[string][]byte
	infos map[string]fs.FileInfo
}

// newCanary makes the folder and leads the tree to it, by absolute and relative links and by hard links, in places where rules
// would delete, empty, truncate and reset.
func newCanary(t *testing.T, root string) *canary {
	t.Helper()
	c := &canary{dir: filepath.Join(filepath.Dir(root), "host"), files: map[string][]byte{}, infos: map[string]fs.FileInfo{}}
	for _, name := range []string{"log", "deep/a/b", "etc/machine-id", "var/log/syslog.1", "tmp/file", ".bash_history"} {
		full := filepath.Join(c.dir, name)
		do(t, os.MkdirAll(filepath.Dir(full), 0o755))
		do(t, os.WriteFile(full, []byte("canary "+name+"\n"), 0o644))
	}
	in := func(name string) string {
		full := filepath.Join(root, name)
		do(t, os.MkdirAll(filepath.Dir(full), 0o755))
		return full
	}
	up := "../../../../../../../../../../../../../.."
	do(t, os.Symlink(c.dir, in("/tmp/absolute")))
	do(t, os.Symlink(up+c.dir, in("/tmp/relative")))
	do(t, os.Symlink("/", in("/tmp/x")))
	do(t, os.Symlink(c.dir, in("/var/log/outside")))
	do(t, os.Symlink(filepath.Join(c.dir, "log"), in("/var/log/outside.log")))
	do(t, os.Symlink(filepath.Join(c.dir, ".bash_history"), in("/home/canary/.bash_history")))
	do(t, os.Symlink(c.dir, in("/var/lib/wicked/out")))
	do(t, os.Symlink(up+c.dir+"/tmp", in("/var/crash/out")))
	do(t, os.Link(filepath.Join(c.dir, "log"), in("/var/log/hard.log")))
	do(t, os.Link(filepath.Join(c.dir, "deep/a/b"), in("/tmp/hard")))
	do(t, os.Link(filepath.Join(c.dir, "etc/machine-id"), in("/home/canary/.aws/credentials")))
	do(t, filepath.Walk(c.dir, func(name string, fi fs.FileInfo, err error) error {
		if err == nil && fi.Mode().IsRegular() {
			c.files[name], err = os.ReadFile(name)
		}
		c.infos[name] = fi
		return err
	}))
	return c
}

func (c *canary) check(t *testing.T) {
	t.Helper()
	found := 0
	do(t, filepath.Walk(c.dir, func(name string, fi fs.FileInfo, err error) error {
		if err != nil {
			return err
		}
		found++
		was, known := c.infos[name]
		if !known || !os.SameFile(was, fi) || was.Mode() != fi.Mode() || was.Size() != fi.Size() || !was.ModTime().Equal(fi.ModTime()) {
			t.Errorf("outside the root %s has changed", name)
		}
		if !fi.Mode().IsRegular() {
			return nil
		}
		data, err := os.ReadFile(name)
		if !bytes.Equal(data, c.files[name]) {
			t.Errorf("outside the root %s holds %q", name, data)
		}
		return err
	}))
	if found != len(c.infos) {
		t.Errorf("outside the root %d of %d are left", found, len(c.infos))
	}
}

func do(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
