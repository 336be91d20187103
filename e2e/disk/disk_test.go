package disk

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// image makes a small qcow2 image with the file "hello" on it.
func image(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "tree"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "tree/hello"), []byte("world"), 0o644); err != nil {
		t.Fatal(err)
	}
	sh := exec.Command("sh", "-ec", "truncate -s 16M raw; mke2fs -q -t ext4 -d tree raw; qemu-img convert -O qcow2 raw base.qcow2")
	sh.Dir = dir
	if out, err := sh.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return filepath.Join(dir, "base.qcow2")
}

func TestMount(t *testing.T) {
	base := image(t)
	before, err := os.ReadFile(base)
	if err != nil {
		t.Fatal(err)
	}
	overlay := filepath.Join(t.TempDir(), "overlay.qcow2")
	if err := Overlay(t.Context(), base, overlay); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	m, err := Mount(t.Context(), overlay, dir)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(m.Root, "hello")); err != nil || string(text) != "world" {
		t.Errorf("the file holds %q, %v", text, err)
	}
	if err := os.WriteFile(filepath.Join(m.Root, "hello"), []byte("changed"), 0o644); err != nil {
		t.Error(err)
	}
	for range 2 {
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil || strings.Contains(string(mounts), dir) {
		t.Errorf("still mounted: %v", err)
	}
	loops, err := exec.Command("losetup", "--list", "--noheadings", "--output", "BACK-FILE").Output()
	if err != nil || strings.Contains(string(loops), dir) {
		t.Errorf("a loop device is left: %v\n%s", err, loops)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left in the folder: %v", left)
	}
	if after, _ := os.ReadFile(base); string(after) != string(before) {
		t.Error("the base image changed")
	}
}

func TestMountSaysWhy(t *testing.T) {
	dir := t.TempDir()
	junk := filepath.Join(t.TempDir(), "junk.qcow2")
	if out, err := exec.Command("qemu-img", "create", "-q", "-f", "qcow2", junk, "1M").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if _, err := Mount(t.Context(), junk, dir); err == nil || !strings.Contains(err.Error(), "junk.qcow2") {
		t.Errorf("error is %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left in the folder: %v", left)
	}
}
