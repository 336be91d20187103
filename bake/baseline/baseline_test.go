package baseline

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/leaven-dev/leaven/bake/packages"
	"github.com/leaven-dev/leaven/internal/rootfs"
)

func take(t *testing.T, dir string) *Baseline {
	t.Helper()
	root, err := rootfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	b, err := Take(context.Background(), root, func(name string) bool { return name != "/proc" })
	if err != nil {
		t.Fatal(err)
	}
	return b
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

func TestWrittenAndReadAgain(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "etc/a", "1")
	write(t, dir, "with a blank, a\nnewline and \xff", "2")
	write(t, dir, "proc/x", "3")
	write(t, dir, "var/lib/dpkg/info/tool.md5sums", "d41d8cd98f00b204e9800998ecf8427e  usr/bin/tool\n")
	b := take(t, dir)
	var text bytes.Buffer
	if err := b.Write(&text); err != nil {
		t.Fatal(err)
	}
	again, err := Read(bytes.NewReader(text.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b, again, cmpopts.IgnoreFields(packages.Package{}, "Files")); diff != "" {
		t.Error(diff)
	}
	if len(b.Files) != 3 || len(b.Packages) != 1 {
		t.Errorf("%d files, %d packages", len(b.Files), len(b.Packages))
	}
}

func TestDamagedFile(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a", "1")
	write(t, dir, "b", "2")
	var text bytes.Buffer
	if err := take(t, dir).Write(&text); err != nil {
		t.Fatal(err)
	}
	whole := text.String()
	lines := strings.SplitAfter(whole, "\n")
	for name, bad := range map[string]string{
		"empty":            "",
		"cut short":        strings.Join(lines[:2], ""),
		"a line is gone":   lines[0] + lines[2] + lines[3],
		"another version":  strings.Replace(whole, "baseline 1", "baseline 2", 1),
		"more at the end":  whole + lines[1],
		"a word":           strings.Replace(whole, "file ", "fil ", 1),
		"a sum":            strings.Replace(whole, "file ", "file zz", 1),
		"a bad escape":     strings.Replace(whole, "/a\n", "/\\a\n", 1),
		"a package":        lines[0] + "package x\n" + strings.Join(lines[1:], ""),
		"a number":         strings.Replace(whole, " 1 ", " x ", 1),
		"something else":   "root:x:0:0\n",
		"the end says 999": strings.Replace(whole, "end 2", "end 999", 1),
	} {
		if _, err := Read(strings.NewReader(bad)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// Same must see every write, even one that keeps the size and puts the modification time back.
func TestSameSeesEveryWrite(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "a")
	write(t, dir, "a", "old")
	b := take(t, dir)
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	if !b.Files["/a"].Same(info) {
		t.Error("an untouched file counts as changed")
	}
	time.Sleep(20 * time.Millisecond) // file systems keep times in steps of some milliseconds
	write(t, dir, "a", "new")
	if err := os.Chtimes(name, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	changed, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	if b.Files["/a"].Same(changed) {
		t.Error("a file that was written to counts as the same")
	}
}

func TestRetouched(t *testing.T) {
	p := func(name, version, sums string) packages.Package {
		return packages.Package{Manager: "dpkg", Name: name, Version: version, Sums: sums}
	}
	b := &Baseline{Packages: []packages.Package{p("same", "1", "a"), p("upgraded", "1", "a"), p("touched", "1", "a"), p("gone", "1", "a")}}
	got := b.Retouched([]packages.Package{p("same", "1", "a"), p("upgraded", "2", "b"), p("touched", "1", "b"), p("new", "1", "x")})
	if diff := cmp.Diff([]packages.Package{p("touched", "1", "b")}, got); diff != "" {
		t.Error(diff)
	}
}

// Half a baseline would make everything else count as new.
func TestEndedContext(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a", "1")
	root, err := rootfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if b, err := Take(ctx, root, func(string) bool { return true }); err == nil || b != nil {
		t.Errorf("an ended context: %v, %v", b, err)
	}
}
