package fstab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/leaven-dev/leaven/internal/crashtest"
	"github.com/leaven-dev/leaven/internal/rootfs"
)

// The test binary is also the program that is killed: it writes one line to the fstab of the tree that this names.
const writeIn = "LEAVEN_TEST_FSTAB_IN"

func TestMain(m *testing.M) {
	dir, ok := os.LookupEnv(writeIn)
	if !ok {
		os.Exit(m.Run())
	}
	root, err := rootfs.Open(dir)
	if err == nil {
		_, err = Update(context.Background(), root, func(f *File) error { return f.Set(share) })
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func tree(t *testing.T, text string) (*rootfs.Root, string) {
	t.Helper()
	dir := t.TempDir()
	if text != "" {
		if err := os.Mkdir(filepath.Join(dir, "etc"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, Path), []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	root, err := rootfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root, filepath.Join(dir, Path)
}

func TestUpdate(t *testing.T) {
	root, path := tree(t, "# x\n")
	put := func(f *File) error { return f.Set(share) }
	for _, want := range []bool{true, false} {
		if changed, err := Update(t.Context(), root, put); err != nil || changed != want {
			t.Fatalf("%v, %v", changed, err)
		}
	}
	if fi, err := os.Stat(path); err != nil || fi.Mode() != 0o640 {
		t.Errorf("%v, %v", fi.Mode(), err)
	}
	refused := errors.New("no")
	if changed, err := Update(t.Context(), root, func(f *File) error { f.Prune(func(Entry) bool { return false }); return refused }); changed || !errors.Is(err, refused) {
		t.Errorf("%v, %v", changed, err)
	}
	if f, err := Read(root); err != nil || len(f.Entries()) != 1 {
		t.Errorf("%v", err)
	}
}

func TestUpdateMakesTheFile(t *testing.T) {
	root, path := tree(t, "")
	if changed, err := Update(t.Context(), root, func(*File) error { return nil }); err != nil || changed {
		t.Errorf("%v, %v", changed, err)
	}
	if _, err := Update(t.Context(), root, func(f *File) error { return f.Set(share) }); err != nil {
		t.Fatal(err)
	}
	if fi, err := os.Stat(path); err != nil || fi.Mode() != 0o644 {
		t.Errorf("%v, %v", fi.Mode(), err)
	}
}

// A link is followed inside the tree, and stays one.
func TestUpdateFollowsALink(t *testing.T) {
	root, path := tree(t, "# x\n")
	real := filepath.Join(filepath.Dir(path), "real")
	if err := errors.Join(os.Rename(path, real), os.Symlink("/etc/real", path)); err != nil {
		t.Fatal(err)
	}
	if _, err := Update(t.Context(), root, func(f *File) error { return f.Set(share) }); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(real); err != nil || !strings.Contains(string(data), Tag) {
		t.Errorf("%s, %v", data, err)
	}
	if target, err := os.Readlink(path); err != nil || target != "/etc/real" {
		t.Errorf("%s, %v", target, err)
	}
	// One that leads to nothing is no missing fstab: who made it waits for something.
	if err := os.Remove(real); err != nil {
		t.Fatal(err)
	}
	_, err := Update(t.Context(), root, func(f *File) error { return f.Set(share) })
	if target, _ := os.Readlink(path); err == nil || !strings.Contains(err.Error(), "a link that leads to nothing") || target != "/etc/real" {
		t.Errorf("%s, %v", target, err)
	}
}

// TestConcurrentUpdates has 200 first boots' worth of edits at once: every line arrives.
func TestConcurrentUpdates(t *testing.T) {
	root, path := tree(t, "# first\nLABEL=x / ext4 rw 0 1")
	var wait sync.WaitGroup
	for i := range 200 {
		wait.Go(func() {
			e := share
			e.Point = fmt.Sprintf("/srv/%d", i)
			if _, err := Update(t.Context(), root, func(f *File) error { return f.Set(e) }); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	data, err := os.ReadFile(path)
	if err != nil || !strings.HasPrefix(string(data), "# first\nLABEL=x / ext4 rw 0 1\n") || strings.Count(string(data), "\n") != 202 || strings.Count(string(data), Tag) != 200 {
		t.Errorf("%v, %d lines:\n%s", err, strings.Count(string(data), "\n"), data)
	}
}

// TestKilledAnywhere kills a writer before each of its calls: the file is the old one or the new one, and a second run finishes.
func TestKilledAnywhere(t *testing.T) {
	const old = "# first\nLABEL=x / ext4 rw 0 1\n"
	write := func(dir string) *exec.Cmd {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), writeIn+"="+dir)
		return cmd
	}
	root, path := tree(t, old)
	calls, err := crashtest.Trace(write(strings.TrimSuffix(path, Path)))
	if err != nil {
		t.Fatal(err)
	}
	if err := crashtest.Unsynced(calls); err != nil {
		t.Error(err)
	}
	f, err := Read(root)
	if err != nil {
		t.Fatal(err)
	}
	done := string(f.Bytes())
	for n := range calls {
		_, path := tree(t, old)
		dir := strings.TrimSuffix(path, Path)
		if err := crashtest.KillAt(write(dir), n); !errors.Is(err, crashtest.ErrKilled) {
			t.Fatalf("call %d: %v", n, err)
		}
		if data, err := os.ReadFile(path); err != nil || string(data) != old && string(data) != done {
			t.Errorf("killed at call %d (%s): %v\n%s", n, calls[n], err, data)
		}
		if err := write(dir).Run(); err != nil {
			t.Fatal(err)
		}
		if data, err := os.ReadFile(path); err != nil || string(data) != done {
			t.Errorf("again after call %d: %v\n%s", n, err, data)
		}
	}
	t.Logf("killed at %d calls: %v", len(calls), calls)
}
