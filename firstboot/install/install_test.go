package install

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/leaven-dev/leaven/internal/crashtest"
	"github.com/leaven-dev/leaven/internal/rootfs"
)

// installIn is the environment variable that turns the test program into one that only installs into a tree, for tests that
// kill it.
const installIn = "LEAVEN_TEST_INSTALL_IN"

func TestMain(m *testing.M) {
	if dir := os.Getenv(installIn); dir != "" {
		if err := installInto(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func installInto(dir string) error {
	root, err := rootfs.Open(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	_, err = Install(root, Programs{Whole: []byte("program"), Agent: []byte("agent")}, "test")
	return err
}

// The program is larger than any configuration, and may grow: what is there already is compared all the same.
func TestLargeProgram(t *testing.T) {
	root, err := rootfs.Open(image(t))
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	program := make([]byte, 17<<20)
	for _, want := range []bool{true, false} {
		changes, err := Install(root, Programs{Whole: program}, "test")
		if err != nil {
			t.Fatal(err)
		}
		if wrote := slices.ContainsFunc(changes, func(c Change) bool { return c.Path == "/usr/bin/leaven" && c.Action == Wrote }); wrote != want {
			t.Errorf("the program was written: %t, not %t", wrote, want)
		}
	}
}

func uninstallFrom(t *testing.T, dir string) {
	t.Helper()
	root, err := rootfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if _, err := Uninstall(root); err != nil {
		t.Fatal(err)
	}
}

// tree returns what is below dir: modes, links' targets, files' content.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		fi, err := e.Info()
		if err != nil {
			return err
		}
		text := fi.Mode().String()
		switch {
		case fi.Mode().IsRegular():
			var data []byte
			data, err = os.ReadFile(name)
			text += " " + string(data)
		case fi.Mode().Type() == fs.ModeSymlink:
			var target string
			target, err = os.Readlink(name)
			text += " " + target
		}
		all[name[len(dir):]] = text
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func image(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"usr/bin", "usr/lib/systemd/system", "etc/systemd/system/multi-user.target.wants", "etc/cloud"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "etc/cloud/cloud.cfg"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// An installation that was cut off anywhere can be finished, and can be taken out.
func TestKilledAtEveryCall(t *testing.T) {
	t.Setenv("TMPDIR", "/dev/shm") // a kill loses nothing that was written, so syncing would only take time
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	whole := image(t)
	before := tree(t, whole)
	if err := installInto(whole); err != nil {
		t.Fatal(err)
	}
	want := tree(t, whole)
	n := 0
	for ; ; n++ {
		dir := image(t)
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), installIn+"="+dir)
		cmd.Stderr = os.Stderr
		err := crashtest.KillAt(cmd, n)
		if err == nil {
			break
		}
		if !errors.Is(err, crashtest.ErrKilled) {
			t.Fatal(err)
		}
		cut := filepath.Join(t.TempDir(), "cut")
		if out, err := exec.Command("cp", "-a", dir, cut).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if err := installInto(dir); err != nil {
			t.Fatalf("killed at call %d: cannot finish: %v", n, err)
		}
		if got := tree(t, dir); !maps.Equal(got, want) {
			t.Fatalf("killed at call %d: finished, it has %v, want %v", n, slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
		}
		if _, err := os.Lstat(filepath.Join(cut, receiptFile)); errors.Is(err, fs.ErrNotExist) {
			continue // nothing of it was installed yet
		}
		uninstallFrom(t, cut)
		if got := tree(t, cut); !maps.Equal(got, before) {
			t.Fatalf("killed at call %d: taken out, it has %v, want %v", n, slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(before)))
		}
	}
	if n < 60 {
		t.Fatalf("only %d calls were seen; installing takes more", n)
	}
	t.Logf("killed at each of %d calls", n)
}
