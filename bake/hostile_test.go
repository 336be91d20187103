package bake_test

import (
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/leaven-dev/leaven/bake"
)

// temporary, logs and history are rules as the catalogue has them.
func engineRules(t *testing.T) *bake.Catalogue {
	return rules(t,
		bake.Rule{ID: "id", Where: []string{"/etc/machine-id"}, Action: bake.Reset, Reset: &bake.Content{Mode: 0o444, Create: true}},
		bake.Rule{ID: "edit", Where: []string{"/etc/ifcfg"}, Action: bake.Edit, Edit: &bake.Lines{Match: "^HWADDR=", Drop: true}},
		bake.Rule{ID: "history", Where: []string{"~/.*history"}, Files: true, Action: bake.Delete, Secret: true},
		bake.Rule{ID: "old", Where: []string{"/var/log/**/*.1"}, Files: true, Action: bake.Delete},
		bake.Rule{ID: "logs", Where: []string{"/var/log/**"}, Action: bake.Truncate},
		bake.Rule{ID: "tmp", Where: []string{"/tmp"}, Action: bake.Empty},
	)
}

// What somebody puts in the place of a folder, a file or a link while we run must not lead us out of the tree.
func TestLinksSwappedWhileWeRun(t *testing.T) {
	dir := grow(t, map[string]string{"etc/machine-id": "", "var/log/": "", "tmp/": ""})
	host := filepath.Join(filepath.Dir(dir), "host")
	for _, name := range []string{"file", "sub/a.log", "sub/b.1", "sub/deep/c"} {
		put(t, host, name, "canary")
	}
	before := snapshot(t, host)
	// Each pair changes places over and over: what the rule is for, and what would lead it astray.
	pairs := [][2]string{
		{"tmp/folder", "tmp/.a"}, {"var/log/folder", "var/log-a"}, {"var/log/live.log", "var/log-b"}, {"var/log/hard.log", "var/log-c"},
		{"var/log/old.1", "var/log-d"}, {"etc/machine-id", "etc/other"}, {"var/log", "var/spare"},
	}
	lay := func() {
		must(t, os.RemoveAll(dir))
		put(t, dir, "tmp/folder/deep/c", "x")
		put(t, dir, "tmp/folder/file", "x")
		put(t, dir, "var/log/folder/a.log", "x")
		put(t, dir, "var/log/folder/b.1", "x")
		put(t, dir, "var/log/live.log", "x")
		put(t, dir, "var/log/hard.log", "x")
		put(t, dir, "var/log/old.1", "x")
		put(t, dir, "etc/machine-id", "x")
		must(t, os.Symlink(host+"/sub", filepath.Join(dir, "tmp/.a")))
		must(t, os.Symlink(host+"/sub", filepath.Join(dir, "var/log-a")))
		must(t, os.Symlink(host+"/file", filepath.Join(dir, "var/log-b")))
		must(t, os.Link(host+"/file", filepath.Join(dir, "var/log-c")))
		must(t, os.Symlink(host+"/file", filepath.Join(dir, "var/log-d")))
		must(t, os.Symlink(host+"/file", filepath.Join(dir, "etc/other")))
		must(t, os.Symlink(host, filepath.Join(dir, "var/spare")))
	}
	c := engineRules(t)
	for range 40 {
		lay()
		stop, stopped := make(chan bool), make(chan bool)
		go func() {
			defer close(stopped)
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				pair := pairs[i%len(pairs)]
				unix.Renameat2(unix.AT_FDCWD, filepath.Join(dir, pair[0]), unix.AT_FDCWD, filepath.Join(dir, pair[1]), unix.RENAME_EXCHANGE)
			}
		}()
		for range 5 {
			seal(t, dir, c, bake.Options{}) // what it could not do is in its changes; here only the canary counts
		}
		close(stop)
		<-stopped
		if after := snapshot(t, host); after != before {
			t.Fatalf("outside the root something changed:\n%s\nbefore:\n%s", after, before)
		}
	}
}

// snapshot describes a tree to the byte.
func snapshot(t *testing.T, dir string) string {
	t.Helper()
	var out strings.Builder
	must(t, filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		fi, err := e.Info()
		if err != nil {
			return err
		}
		fmt.Fprintf(&out, "%s %v %d", name, fi.Mode(), fi.Size())
		if fi.Mode().IsRegular() {
			fmt.Fprintf(&out, " %q %v", content(t, name), fi.ModTime())
		}
		out.WriteByte('\n')
		return nil
	}))
	return out.String()
}

func TestHardLinksToTheOutside(t *testing.T) {
	dir := grow(t, map[string]string{"etc/": "", "var/log/": "", "root/": "", "tmp/": ""})
	host := filepath.Join(filepath.Dir(dir), "host")
	put(t, host, "file", "HWADDR=canary\n")
	before := snapshot(t, host)
	for _, name := range []string{"etc/machine-id", "etc/ifcfg", "var/log/live.log", "var/log/old.1", "tmp/x", "root/.bash_history"} {
		must(t, os.Link(filepath.Join(host, "file"), filepath.Join(dir, name)))
	}
	c := engineRules(t)
	root, p := plan(t, dir, c, bake.Options{})
	for _, c := range (&bake.Applier{Root: root, Overwrite: true, Each: func(bake.Change) {}}).Apply(t.Context(), p) {
		if c.Result != bake.Done {
			t.Errorf("%s: %s", c.Path, c.Message)
		}
	}
	if after := snapshot(t, host); after != before {
		t.Errorf("outside the root something changed:\n%s", after)
	}
	for _, name := range []string{"etc/machine-id", "etc/ifcfg", "var/log/live.log"} {
		if got := content(t, filepath.Join(dir, name)); got != "" {
			t.Errorf("%s still holds %q", name, got)
		}
	}
}

// What is mounted in the tree is another machine's or the host's: it is neither entered nor changed, and it is said that
// nobody can see what lies under it. What lies around it goes all the same.
func TestMountsAreNotCrossed(t *testing.T) {
	asRoot(t)
	dir := grow(t, map[string]string{
		"tmp/a/b/mounted/": "", "tmp/a/file": "x", "tmp/memory/": "", "var/log/mounted/": "", "var/log/own.log": "x", "var/log/single.log": "", "etc/machine-id": "",
		"etc/fstab": "tmpfs /tmp/memory tmpfs defaults 0 0\n/dev/sda2 /var/log/mounted ext4 defaults 0 0\n",
	})
	host := filepath.Join(filepath.Dir(dir), "host")
	for _, name := range []string{"a.log", "b.1", "deep/c", "id"} {
		put(t, host, name, "canary")
	}
	before := snapshot(t, host)
	mount := func(source, name, kind string, flags uintptr) {
		must(t, unix.Mount(source, filepath.Join(dir, name), kind, flags, ""))
		t.Cleanup(func() { must(t, unix.Unmount(filepath.Join(dir, name), unix.MNT_DETACH)) })
	}
	mount(host, "tmp/a/b/mounted", "", unix.MS_BIND)
	mount(host, "var/log/mounted", "", unix.MS_BIND) // fstab says that a disk belongs here: this is none
	mount(host+"/a.log", "var/log/single.log", "", unix.MS_BIND)
	mount(host+"/id", "etc/machine-id", "", unix.MS_BIND)
	mount("tmpfs", "tmp/memory", "tmpfs", 0)
	put(t, dir, "tmp/memory/x", "in memory")

	changes, p := seal(t, dir, engineRules(t), bake.Options{})
	if after := snapshot(t, host); after != before {
		t.Errorf("outside the root something changed:\n%s", after)
	}
	for _, c := range changes {
		if c.Result != bake.Done {
			t.Errorf("%s: %s", c.Path, c.Message)
		}
	}
	unknown := map[string]bool{}
	for _, f := range p.Unknown {
		unknown[f.Path] = true
	}
	for _, name := range []string{"/tmp/a/b/mounted", "/var/log/mounted", "/var/log/single.log", "/etc/machine-id"} {
		if !unknown[name] {
			t.Errorf("%s is not reported as unknown: %v", name, unknown)
		}
	}
	if !gone(dir+"/tmp/a/file") || content(t, dir+"/var/log/own.log") != "" {
		t.Error("what lies around the mounts was left")
	}
	if !gone(dir + "/tmp/memory/x") {
		t.Error("a file system that the tree's own fstab mounts is part of the image")
	}
}

// A mount that the plan knew nothing of, because it came later, is not crossed either.
func TestMountedAfterPlanning(t *testing.T) {
	asRoot(t)
	dir := grow(t, map[string]string{"tmp/a/b/x": "x", "tmp/a/y": "x", "var/log/sub/a.log": "x", "var/log/b.1": "x", "var/log/single.log": "x", "var/log/z.log": "x", "etc/machine-id": "x"})
	host := filepath.Join(filepath.Dir(dir), "host")
	for _, name := range []string{"x", "a.log", "b.1", "deep/c"} {
		put(t, host, name, "canary")
	}
	before := snapshot(t, host)
	root, p := plan(t, dir, engineRules(t), bake.Options{})
	for from, to := range map[string]string{"": "tmp/a/b", "deep/..": "var/log/sub", "x": "var/log/single.log", "a.log": "etc/machine-id"} {
		must(t, unix.Mount(filepath.Join(host, from), filepath.Join(dir, to), "", unix.MS_BIND, ""))
		t.Cleanup(func() { must(t, unix.Unmount(filepath.Join(dir, to), unix.MNT_DETACH)) })
	}
	failed := map[string]bool{}
	for _, c := range (&bake.Applier{Root: root, Each: func(bake.Change) {}}).Apply(t.Context(), p) {
		failed[c.Path] = c.Result == bake.Failed
	}
	if after := snapshot(t, host); after != before {
		t.Errorf("outside the root something changed:\n%s", after)
	}
	for _, name := range []string{"/tmp/a", "/var/log/sub/a.log", "/var/log/single.log", "/etc/machine-id"} {
		if !failed[name] {
			t.Errorf("%s is not reported as failed", name)
		}
	}
	if !gone(dir+"/tmp/a/y") || !gone(dir+"/var/log/b.1") || content(t, dir+"/var/log/z.log") != "" {
		t.Error("what lies around the mounts was left")
	}
}

func TestCrossedWhenAsked(t *testing.T) {
	asRoot(t)
	dir := grow(t, map[string]string{"var/log/disk/": ""})
	must(t, unix.Mount("tmpfs", dir+"/var/log/disk", "tmpfs", 0, ""))
	t.Cleanup(func() { must(t, unix.Unmount(dir+"/var/log/disk", unix.MNT_DETACH)) })
	put(t, dir, "var/log/disk/x.log", "x")
	c := engineRules(t)
	seal(t, dir, c, bake.Options{})
	if content(t, dir+"/var/log/disk/x.log") != "x" {
		t.Error("entered without being asked")
	}
	seal(t, dir, c, bake.Options{Cross: []string{"/var/log/disk"}})
	if content(t, dir+"/var/log/disk/x.log") != "" {
		t.Error("not entered although asked")
	}
}

// Immutable files stay, which is reported; the rest goes.
func TestImmutable(t *testing.T) {
	asRoot(t)
	dir := grow(t, map[string]string{
		"var/log/a.log": "x", "var/log/b.log": "x", "var/log/c.1": "x", "var/log/d.1": "x", "tmp/folder/stays/x": "x", "tmp/folder/goes": "x", "tmp/append": "x", "tmp/z": "x",
	})
	for name, flag := range map[string]string{"var/log/a.log": "+i", "var/log/c.1": "+i", "tmp/folder/stays": "+i", "tmp/append": "+a"} {
		if out, err := exec.Command("chattr", flag, filepath.Join(dir, name)).CombinedOutput(); err != nil {
			t.Fatalf("cannot make %s immutable (the test needs e2fsprogs and a file system that can do it): %v: %s", name, err, out)
		}
		t.Cleanup(func() { exec.Command("chattr", "-i", "-a", filepath.Join(dir, name)).Run() })
	}
	changes, _ := seal(t, dir, engineRules(t), bake.Options{})
	for _, name := range []string{"/var/log/a.log", "/var/log/c.1", "/tmp/folder", "/tmp/append"} {
		if c := changes[name]; c.Result != bake.Failed || !strings.Contains(c.Message, "immutable") {
			t.Errorf("%s: %s: %s", name, c.Result, c.Message)
		}
	}
	if content(t, dir+"/var/log/b.log") != "" || !gone(dir+"/var/log/d.1") || !gone(dir+"/tmp/folder/goes") || !gone(dir+"/tmp/z") {
		t.Errorf("the rest was not done: %v", names(t, dir))
	}
}

// A path longer than PATH_MAX cannot be named, only walked.
func TestDeepTrees(t *testing.T) {
	dir := grow(t, map[string]string{"tmp/x": "x", "tmp/deep/": "", "var/log/deep/": "", "var/log/z.log": "x"})
	const levels = 5100
	for _, top := range []string{"tmp/deep", "var/log/deep"} {
		deepen(t, filepath.Join(dir, top), "a-folder-of-some-length", levels, "end.log")
	}
	started := time.Now()
	changes, p := seal(t, dir, engineRules(t), bake.Options{})
	t.Logf("%v", time.Since(started))
	for _, c := range changes {
		if c.Result != bake.Done {
			t.Errorf("%.80s: %s", c.Path, c.Message)
		}
	}
	if len(p.Unknown) > 0 {
		t.Errorf("unknown: %.200v", p.Unknown)
	}
	if entries, err := os.ReadDir(dir + "/tmp"); err != nil || len(entries) > 0 {
		t.Errorf("left in /tmp: %v, %v", entries, err)
	}
	if content(t, dir+"/var/log/z.log") != "" {
		t.Error("what comes after the deep tree was left")
	}
	size := int64(-1)
	down(t, filepath.Join(dir, "var/log/deep"), "a-folder-of-some-length", levels, func(fd int) {
		var st unix.Stat_t
		must(t, unix.Fstatat(fd, "end.log", &st, 0))
		size = st.Size
	})
	if size != 0 {
		t.Errorf("the log at the end of the deep tree has %d bytes", size)
	}
	again, _ := seal(t, dir, engineRules(t), bake.Options{})
	if len(again) > 0 {
		t.Errorf("%d things are still to be done", len(again))
	}
	must(t, exec.Command("rm", "-rf", dir+"/var/log/deep").Run()) // os.RemoveAll gives up on it
}

func deepen(t *testing.T, dir, name string, levels int, last string) {
	t.Helper()
	fd, err := unix.Open(dir, unix.O_DIRECTORY, 0)
	must(t, err)
	for range levels {
		must(t, unix.Mkdirat(fd, name, 0o755))
		next, err := unix.Openat(fd, name, unix.O_DIRECTORY, 0)
		must(t, err)
		unix.Close(fd)
		fd = next
	}
	f, err := unix.Openat(fd, last, unix.O_CREAT|unix.O_WRONLY, 0o644)
	must(t, err)
	unix.Write(f, []byte("x"))
	unix.Close(f)
	unix.Close(fd)
}

func down(t *testing.T, dir, name string, levels int, do func(fd int)) {
	t.Helper()
	fd, err := unix.Open(dir, unix.O_DIRECTORY, 0)
	must(t, err)
	for range levels {
		next, err := unix.Openat(fd, name, unix.O_DIRECTORY, 0)
		must(t, err)
		unix.Close(fd)
		fd = next
	}
	do(fd)
	unix.Close(fd)
}

// Fifos, sockets and devices must not be opened; a sparse file must not be read; names may have any byte.
func TestOddFiles(t *testing.T) {
	asRoot(t)
	dir := grow(t, map[string]string{"tmp/": "", "var/log/": "", "etc/": ""})
	odd := []string{"new\nline", "caf\xe9.log", "back\\slash", "-rf *", "tab\t", "\x01", strings.Repeat("n", 255)}
	for _, name := range odd {
		put(t, dir, "tmp/"+name, "x")
		put(t, dir, "tmp/dir-"+name[:min(len(name), 200)]+"/x", "x")
		put(t, dir, "var/log/"+name, "x")
	}
	for _, where := range []string{"tmp", "var/log", "etc"} {
		fifo := map[string]string{"etc": "machine-id"}[where]
		if fifo == "" {
			fifo = "fifo"
		}
		must(t, unix.Mkfifo(filepath.Join(dir, where, fifo), 0o600))
		must(t, unix.Mknod(filepath.Join(dir, where, "null"), unix.S_IFCHR|0o600, int(unix.Mkdev(1, 3))))
		must(t, unix.Mknod(filepath.Join(dir, where, "disk"), unix.S_IFBLK|0o600, int(unix.Mkdev(7, 250))))
		listener, err := net.Listen("unix", filepath.Join(dir, where, "socket"))
		must(t, err)
		listener.(*net.UnixListener).SetUnlinkOnClose(false)
		listener.Close()
	}
	for _, name := range []string{"tmp/sparse", "var/log/sparse.log", "etc/ifcfg"} {
		put(t, dir, name, "")
		must(t, os.Truncate(filepath.Join(dir, name), 1<<40))
	}
	started := time.Now()
	changes, p := seal(t, dir, engineRules(t), bake.Options{})
	if took := time.Since(started); took > 10*time.Second {
		t.Errorf("it took %v: a terabyte of nothing was read", took)
	}
	if entries, _ := os.ReadDir(dir + "/tmp"); len(entries) > 0 {
		t.Errorf("left in /tmp: %v", entries)
	}
	for _, name := range odd {
		if got := content(t, filepath.Join(dir, "var/log", name)); got != "" {
			t.Errorf("%q holds %q", name, got)
		}
		if c := changes[bake.Quote("/var/log/"+name)]; c.Result != bake.Done {
			t.Errorf("%q is not in the report", name)
		}
	}
	for _, name := range []string{"fifo", "null", "disk", "socket"} {
		if gone(filepath.Join(dir, "var/log", name)) {
			t.Errorf("/var/log/%s is no log and was removed", name)
		}
	}
	if fi, err := os.Stat(dir + "/var/log/sparse.log"); err != nil || fi.Size() != 0 {
		t.Errorf("the sparse log was left: %v", err)
	}
	if len(p.Unknown) != 1 || p.Unknown[0].Path != "/etc/ifcfg" {
		t.Errorf("what cannot be edited must be said: %v", p.Unknown)
	}
}

// Links to anywhere, and loops of them, are taken for what they are.
func TestLinksInTheTree(t *testing.T) {
	dir := grow(t, map[string]string{
		"tmp/x": "-> /", "tmp/up": "-> ../../..", "tmp/loop": "-> loop", "tmp/a/b": "-> ../../tmp", "tmp/etc": "-> /etc", "etc/keep": "keep",
		"var/log/self": "-> .", "var/log/all": "-> /", "var/log/quiet.log": "-> /dev/null", "var/log/x.1": "-> /etc/keep", "home/u/.bash_history": "-> /dev/null",
		"home/u/.zsh_history": "-> ../../etc/keep", "etc/passwd": "u:x:1:1::/home/u:\nl:x:2:2::/home/loop:\n", "home/loop": "-> loop", "var/log/app/current": "-> ../../../etc",
	})
	changes, p := seal(t, dir, engineRules(t), bake.Options{})
	for _, c := range changes {
		if c.Result != bake.Done {
			t.Errorf("%s: %s", c.Path, c.Message)
		}
	}
	if len(p.Unknown) > 0 {
		t.Errorf("unknown: %v", p.Unknown)
	}
	want := "/etc/ /etc/keep /etc/machine-id /etc/passwd /home/ /home/loop -> loop /home/u/ /home/u/.bash_history -> /dev/null /tmp/ /var/ /var/log/ /var/log/all -> / " +
		"/var/log/app/ /var/log/app/current -> ../../../etc /var/log/quiet.log -> /dev/null /var/log/self -> ."
	if got := strings.Join(names(t, dir), " "); got != want {
		t.Errorf("the tree is\n%s\nwant\n%s", got, want)
	}
	if content(t, dir+"/etc/keep") != "keep" {
		t.Error("a link was followed")
	}
}

// A rule's own place may be a link to somewhere that no rule is for.
func TestPlacesThatLeadAstray(t *testing.T) {
	for _, target := range []string{"/", "..", "../..", "/etc", "/usr", "/var", "/home"} {
		t.Run(target, func(t *testing.T) {
			dir := grow(t, map[string]string{"etc/machine-id": "", "etc/hosts": "x", "usr/bin/sh": "x", "home/u/file": "x", "var/lib/x": "x", "var/log": "-> " + target, "tmp": "-> " + target})
			before := names(t, dir)
			_, p := seal(t, dir, engineRules(t), bake.Options{})
			if after := names(t, dir); strings.Join(after, " ") != strings.Join(before, " ") {
				t.Errorf("the tree is %v", after)
			}
			if content(t, dir+"/etc/hosts") != "x" || content(t, dir+"/usr/bin/sh") != "x" {
				t.Error("what the link leads to was cut")
			}
			if len(p.Unknown) != 2 {
				t.Errorf("it must be said that the places lead astray: %v", p.Unknown)
			}
		})
	}
}

// Owner, mode, labels and other attributes stay when content goes; also when the file has to be replaced by a copy.
func TestAttributesSurvive(t *testing.T) {
	asRoot(t)
	dir := grow(t, map[string]string{"etc/machine-id": "x", "etc/ifcfg": "A=1\nHWADDR=1\n", "var/log/a.log": "x", "var/log/linked.log": "x", "srv/": ""})
	must(t, os.Link(dir+"/var/log/linked.log", dir+"/srv/other"))
	attributes := map[string]string{"security.selinux": "system_u:object_r:var_log_t:s0\x00", "user.note": "mine", "trusted.x": "y"}
	files := []string{"etc/machine-id", "etc/ifcfg", "var/log/a.log", "var/log/linked.log"}
	for _, name := range files {
		full := filepath.Join(dir, name)
		must(t, os.Chown(full, 123, 45))
		must(t, os.Chmod(full, 0o604|fs.ModeSetgid))
		for attr, value := range attributes {
			if err := unix.Lsetxattr(full, attr, []byte(value), 0); err != nil {
				t.Fatalf("the file system of %s cannot hold %s: %v", full, attr, err)
			}
		}
	}
	seal(t, dir, engineRules(t), bake.Options{})
	for _, name := range files {
		full := filepath.Join(dir, name)
		fi, err := os.Lstat(full)
		must(t, err)
		st := fi.Sys().(*syscall.Stat_t)
		mode := map[string]fs.FileMode{"etc/machine-id": 0o444}[name]
		if mode == 0 {
			mode = 0o604 | fs.ModeSetgid
		}
		if st.Uid != 123 || st.Gid != 45 || fi.Mode() != mode {
			t.Errorf("%s is %v of %d:%d", name, fi.Mode(), st.Uid, st.Gid)
		}
		for attr, value := range attributes {
			buf := make([]byte, 100)
			n, err := unix.Lgetxattr(full, attr, buf)
			if err != nil || string(buf[:n]) != value {
				t.Errorf("%s: %s is %q, %v", name, attr, buf[:max(n, 0)], err)
			}
		}
	}
	if got := content(t, dir+"/etc/ifcfg"); got != "A=1\n" {
		t.Errorf("edited to %q", got)
	}
	if content(t, dir+"/srv/other") != "x" || content(t, dir+"/var/log/linked.log") != "" {
		t.Error("the log's other name must keep its content")
	}
}

// Who may not look must not say that there is nothing.
func TestUnreadable(t *testing.T) {
	asRoot(t)
	dir := grow(t, map[string]string{"root/.bash_history": "x", "var/log/private/x.log": "x", "var/log/open.log": "", "etc/machine-id": "", "etc/ifcfg": "A=1\n", "etc/passwd": ""})
	must(t, os.Chmod(dir+"/root", 0o700))
	must(t, os.Chmod(dir+"/var/log/private", 0o700))
	must(t, os.Chmod(dir+"/etc/ifcfg", 0o600))
	for at := dir; at != "/tmp" && at != "/"; at = filepath.Dir(at) {
		must(t, os.Chmod(at, 0o755))
	}
	probe := exec.Command("/proc/self/exe", "-test.run=^TestPlanAsNobody$", "-test.v")
	probe.Env = append(os.Environ(), "PLAN_AS_NOBODY="+dir)
	probe.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := probe.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range []string{"/root", "/var/log/private", "/etc/ifcfg"} {
		if !strings.Contains(string(out), "unknown: "+name+": ") {
			t.Errorf("%s is not reported as unknown:\n%s", name, out)
		}
	}
}

// TestPlanAsNobody is what TestUnreadable runs as another user.
func TestPlanAsNobody(t *testing.T) {
	dir := os.Getenv("PLAN_AS_NOBODY")
	if dir == "" {
		return
	}
	_, p := plan(t, dir, engineRules(t), bake.Options{})
	for _, f := range p.Unknown {
		fmt.Printf("unknown: %s: %s\n", f.Path, f.Message)
	}
}
