package rootfs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// grow makes a tree: a name that ends in a slash is a folder, a content that begins with "-> " a link.
func grow(t *testing.T, files map[string]string) (*Root, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "root")
	must(t, os.Mkdir(dir, 0o755))
	for name, content := range files {
		full := filepath.Join(dir, name)
		must(t, os.MkdirAll(filepath.Dir(full), 0o755))
		target, link := strings.CutPrefix(content, "-> ")
		switch {
		case strings.HasSuffix(name, "/"):
			must(t, os.MkdirAll(full, 0o755))
		case link:
			must(t, os.Symlink(target, full))
		default:
			must(t, os.WriteFile(full, []byte(content), 0o644))
		}
	}
	root, err := Open(dir)
	must(t, err)
	t.Cleanup(func() { root.Close() })
	return root, dir
}

func TestResolve(t *testing.T) {
	root, _ := grow(t, map[string]string{
		"run/lock/": "", "var/run": "-> /run", "var/lock": "-> ../run/lock", "etc/hosts": "x", "etc/up": "-> ../../../../etc/hosts", "a": "-> b", "b": "-> a", "etc/far": "-> /var/run/lock",
	})
	for name, want := range map[string]string{
		"/var/run": "/run", "var/lock/../lock": "/run/lock", "/etc/up": "/etc/hosts", "/../..//etc/./hosts": "/etc/hosts", "/etc/far/..": "/run", "/": "/", "": "/",
	} {
		if got, err := root.Resolve(name); err != nil || got != want {
			t.Errorf("%s leads to %s, %v; want %s", name, got, err, want)
		}
	}
	if got, err := root.ResolveParent("/etc/far/"); err != nil || got != "/etc/far" {
		t.Errorf("without following it is %s, %v", got, err)
	}
	for name, want := range map[string]error{"/a": syscall.ELOOP, "/etc/none": fs.ErrNotExist, "/etc/hosts/x": syscall.ENOTDIR} {
		if _, err := root.Resolve(name); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
}

// A method of an open directory takes the name of one entry: anything else could lead out of it.
func TestSingleNames(t *testing.T) {
	root, _ := grow(t, map[string]string{"in/sub/file": "x", "other": "x", "in/link": "-> ../other"})
	d, err := root.OpenDir("/in")
	must(t, err)
	defer d.Close()
	for _, name := range []string{"", ".", "..", "../other", "sub/file", "/other", "a\x00b"} {
		for what, err := range map[string]error{
			"lstat": second(d.Lstat(name)), "open": second(d.OpenDir(name)), "file": second(d.OpenFile(name, os.O_RDONLY, 0)), "create": second(d.OpenFile(name, os.O_CREATE, 0)),
			"remove": d.Remove(name), "rename": d.Rename(name, "x"), "rename to": d.Rename("sub", name), "mkdir": d.Mkdir(name, 0o755), "symlink": d.Symlink("x", name), "readlink": second(d.Readlink(name)),
		} {
			if !errors.Is(err, syscall.EINVAL) {
				t.Errorf("%s %q: %v", what, name, err)
			}
		}
	}
	if _, err := d.OpenFile("link", os.O_RDONLY, 0); err == nil {
		t.Error("a link was followed")
	}
	if _, err := d.OpenDir("link"); !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("a link was opened as a directory: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestReadDir(t *testing.T) {
	files := map[string]string{"d/dir/": "", "d/link": "-> x", "d/\xff\n": "x"}
	for i := range 3000 { // more than one call of getdents returns
		files["d/"+strings.Repeat("n", 1+i%100)+"-"+string(rune('a'+i%26))+strings.Repeat("m", i/26)] = ""
	}
	root, dir := grow(t, files)
	must(t, unix.Mkfifo(dir+"/d/fifo", 0o600))
	d, err := root.OpenDir("/d")
	must(t, err)
	defer d.Close()
	want, err := os.ReadDir(dir + "/d")
	must(t, err)
	for range 2 {
		got, err := d.ReadDir()
		must(t, err)
		if len(got) != len(want) {
			t.Fatalf("%d entries, want %d", len(got), len(want))
		}
		for i := range got {
			if got[i].Name() != want[i].Name() || got[i].Type() != want[i].Type() || got[i].IsDir() != want[i].IsDir() {
				t.Errorf("%q %v, want %q %v", got[i].Name(), got[i].Type(), want[i].Name(), want[i].Type())
			}
		}
	}
}

// What Lstat says is what package os says.
func TestInfo(t *testing.T) {
	root, dir := grow(t, map[string]string{"file": "four", "dir/": "", "link": "-> file"})
	must(t, os.Chmod(dir+"/file", 0o751|fs.ModeSetuid|fs.ModeSetgid))
	must(t, os.Chmod(dir+"/dir", 0o777|fs.ModeSticky))
	must(t, unix.Mkfifo(dir+"/fifo", 0o600))
	d, err := root.OpenDir("/")
	must(t, err)
	defer d.Close()
	for _, name := range []string{"file", "dir", "link", "fifo"} {
		want, err := os.Lstat(filepath.Join(dir, name))
		must(t, err)
		got, err := d.Lstat(name)
		must(t, err)
		if got.Name() != want.Name() || got.Size() != want.Size() || got.Mode() != want.Mode() || !got.ModTime().Equal(want.ModTime()) || got.IsDir() != want.IsDir() {
			t.Errorf("%s: %v %d %v, want %v %d %v", name, got.Mode(), got.Size(), got.ModTime(), want.Mode(), want.Size(), want.ModTime())
		}
		if *got.Sys().(*syscall.Stat_t) != *want.Sys().(*syscall.Stat_t) {
			t.Errorf("%s: %+v, want %+v", name, got.Sys(), want.Sys())
		}
	}
}

func TestReadStart(t *testing.T) {
	root, dir := grow(t, map[string]string{"d/file": "0123456789", "d/empty": ""})
	must(t, os.Truncate(dir+"/d/empty", 1<<40)) // a terabyte of nothing
	must(t, unix.Mkfifo(dir+"/d/fifo", 0o600))
	d, err := root.OpenDir("/d")
	must(t, err)
	defer d.Close()
	for limit, want := range map[int64]string{0: "", 4: "0123", 10: "0123456789", 100: "0123456789"} {
		if got, err := d.ReadStart("file", limit); err != nil || string(got) != want {
			t.Errorf("%d: %q, %v", limit, got, err)
		}
	}
	if got, err := d.ReadStart("empty", 100); err != nil || len(got) != 100 {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if _, err := d.ReadStart("fifo", 1); err == nil || !strings.Contains(err.Error(), "is a fifo") {
		t.Errorf("fifo: %v", err)
	}
	proc, err := Open("/proc/self")
	must(t, err)
	defer proc.Close()
	p, err := proc.OpenDir("/")
	must(t, err)
	defer p.Close()
	if got, err := p.ReadStart("status", 1<<20); err != nil || len(got) < 100 { // its size is said to be 0
		t.Errorf("%d bytes of a file in /proc, %v", len(got), err)
	}
}

func TestRemoveAndRaise(t *testing.T) {
	root, dir := grow(t, map[string]string{"d/empty/": "", "d/full/x": "x", "d/file": "x", "d/a/b/c/file": "x", "d/a/link": "-> b"})
	d, err := root.OpenDir("/d")
	must(t, err)
	defer d.Close()
	must(t, d.Remove("empty"))
	must(t, d.Remove("file"))
	if err := d.Remove("full"); !errors.Is(err, syscall.ENOTEMPTY) {
		t.Errorf("a folder with something in it: %v", err)
	}
	if err := d.Remove("none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing: %v", err)
	}
	if _, err := d.Raise("a/link/c"); !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("a link on the way: %v", err)
	}
	name, err := d.Raise("a/b/c")
	must(t, err)
	if _, err := os.Stat(filepath.Join(dir, "d", name, "file")); err != nil {
		t.Error(err)
	}
	entries, err := os.ReadDir(dir + "/d/a/b")
	must(t, err)
	if len(entries) > 0 {
		t.Errorf("left behind: %v", entries)
	}
}

func TestMkdir(t *testing.T) {
	root, dir := grow(t, nil)
	old := unix.Umask(0o077)
	defer unix.Umask(old)
	d, err := root.OpenDir("/")
	must(t, err)
	defer d.Close()
	must(t, d.Mkdir("x", 0o777|fs.ModeSticky))
	fi, err := os.Stat(dir + "/x")
	must(t, err)
	if fi.Mode() != fs.ModeDir|fs.ModeSticky|0o777 {
		t.Errorf("%v", fi.Mode())
	}
	must(t, d.WriteFile("f", []byte("new"), 0o644))
	fi, err = os.Stat(dir + "/f")
	must(t, err)
	if fi.Mode() != 0o644 {
		t.Errorf("%v", fi.Mode())
	}
}

func TestDirName(t *testing.T) {
	root, _ := grow(t, map[string]string{"a/b\n/c/": "", "l": "-> a"})
	for name, want := range map[string]string{"/": "/", "/l/b\n": "/a/b\n", "a/b\n/c": "/a/b\n/c"} {
		d, err := root.OpenDir(name)
		must(t, err)
		if d.Name() != want {
			t.Errorf("%q is called %q", name, d.Name())
		}
		d.Close()
	}
}

func TestOpenFileClosesNothingOpen(t *testing.T) {
	root, dir := grow(t, map[string]string{"d/f": "x"})
	must(t, unix.Mkfifo(dir+"/d/fifo", 0o600))
	count := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		must(t, err)
		return len(entries)
	}
	before := count()
	for range 50 {
		d, err := root.OpenDir("/d")
		must(t, err)
		d.OpenFile("fifo", os.O_RDONLY, 0)
		d.OpenFile("none", os.O_RDONLY, 0)
		d.OpenDir("f")
		root.OpenDir("/d/f")
		root.OpenDir("/none")
		f, err := d.OpenFile("f", os.O_RDWR, 0)
		must(t, err)
		f.Close()
		d.ReadStart("f", 10)
		d.Close()
	}
	if after := count(); after > before+5 {
		t.Errorf("%d descriptors are open, %d were", after, before)
	}
}
