package erase

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, program string, args ...string) {
	t.Helper()
	if out, err := exec.Command(program, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", program, args, err, out)
	}
}

// disk makes a small ext4 file system in a file and mounts it; it returns the file and the folder where it is mounted.
func disk(t *testing.T) (image, dir string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("this test needs root: it mounts a file system")
	}
	image, dir = filepath.Join(t.TempDir(), "disk"), t.TempDir()
	must(t, os.WriteFile(image, nil, 0o600))
	must(t, os.Truncate(image, 48<<20))
	run(t, "mkfs.ext4", "-q", image)
	run(t, "mount", "-o", "loop,nodiscard", image, dir)
	t.Cleanup(func() { exec.Command("umount", "-l", dir).Run() })
	return image, dir
}

const secret = "a secret that was in a file that is no longer there"

// spill writes a secret to the disk and deletes it again.
func spill(t *testing.T, dir string) {
	t.Helper()
	name := filepath.Join(dir, "file")
	must(t, os.WriteFile(name, bytes.Repeat([]byte(secret), 10000), 0o600))
	run(t, "sync", "-f", dir)
	must(t, os.Remove(name)) // the journal is not written yet: that is Free's to do
}

func TestFreeOverwritesWhatWasDeleted(t *testing.T) {
	image, dir := disk(t)
	spill(t, dir)
	before, err := os.ReadFile(image)
	must(t, err)
	if !bytes.Contains(before, []byte(secret)) {
		t.Fatal("the deleted file is not on the disk: the test shows nothing")
	}
	root, err := rootfs.Open(dir)
	must(t, err)
	defer root.Close()
	var last int64
	n, err := Free(t.Context(), root, []string{"/"}, 0, func(_ string, done, _ int64) { last = done })
	must(t, err)
	if n < 30<<20 || last > n {
		t.Errorf("%d bytes were written, %d announced", n, last)
	}
	run(t, "sync", "-f", dir)
	after, err := os.ReadFile(image)
	must(t, err)
	if bytes.Contains(after, []byte(secret)) {
		t.Error("the deleted file is still on the disk")
	}
	untouched(t, dir, root)
}

func untouched(t *testing.T, dir string, root *rootfs.Root) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	if len(entries) != 1 || entries[0].Name() != "lost+found" {
		t.Errorf("left behind: %v", entries)
	}
	d, err := root.OpenDir("/")
	must(t, err)
	defer d.Close()
	if free, err := d.Free(); err != nil || free < 30<<20 {
		t.Errorf("%d bytes are free, %v", free, err)
	}
}

func TestFreeStops(t *testing.T) {
	_, dir := disk(t)
	root, err := rootfs.Open(dir)
	must(t, err)
	defer root.Close()
	over := errors.New("time is up")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(over)
	if _, err := Free(ctx, root, []string{"/"}, 1<<20, nil); !errors.Is(err, over) {
		t.Errorf("it ends with %v", err)
	}
	untouched(t, dir, root)
}

func TestFreeKeepsTheReserve(t *testing.T) {
	_, dir := disk(t)
	root, err := rootfs.Open(dir)
	must(t, err)
	defer root.Close()
	n, err := Free(t.Context(), root, []string{"/"}, 30<<20, nil)
	must(t, err)
	if n == 0 || n > 18<<20 {
		t.Errorf("%d bytes of a disk of 48 MiB were written with a reserve of 30 MiB", n)
	}
	if n, err := Free(t.Context(), root, []string{"/", "/none"}, 1<<40, nil); n != 0 || err == nil {
		t.Errorf("%d bytes, %v: nothing is free beyond the reserve, and one mount point is not there", n, err)
	}
}
