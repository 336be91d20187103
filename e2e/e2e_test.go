// Package e2e tries the built programs on real systems: containers, virtual machines, a real packer build. Its folders are
// the tools for that.
package e2e

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/e2e/cache"
	"github.com/leaven-dev/leaven/e2e/debroot"
	"github.com/leaven-dev/leaven/e2e/nspawn"
)

// binary is a program that `make build` left.
func binary(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "bin", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v: run `make build` first", err)
	}
	return path
}

// leaven runs the built agent on this machine and returns what it printed and its exit status. Its arguments must name a
// root of the test's own.
func leaven(t *testing.T, args ...string) (text string, code int) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), binary(t, "leaven"), args...).CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return string(out), exit.ExitCode()
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(out), 0
}

// install puts agent, units and drop-ins into a root.
func install(t *testing.T, root string) {
	t.Helper()
	if text, code := leaven(t, "install", "--root", root); code != 0 {
		t.Fatalf("install exits %d:\n%s", code, text)
	}
}

// scratch is a folder on the cache's file system that the test's end removes.
func scratch(t *testing.T) string {
	t.Helper()
	s, err := cache.NewScratch()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s.Path
}

// copyRoot is a root that the test may change and boot in a container.
func copyRoot(t *testing.T, suite string) string {
	t.Helper()
	root, err := debroot.Build(t.Context(), debroot.Container(suite), t.Output())
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(scratch(t), "root")
	if err := root.CopyTo(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// boot boots a container and waits until systemd is done with it.
func boot(t *testing.T, cfg nspawn.Config) *nspawn.Container {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	if cfg.Console == "" {
		cfg.Console = filepath.Join(t.ArtifactDir(), "console.log")
	}
	c, err := nspawn.Boot(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	if state, err := c.WaitBooted(ctx); err != nil || state != "running" {
		failed, _ := c.FailedUnits(ctx)
		t.Fatalf("booted %q: %v; failed units:\n%s", state, err, failed)
	}
	return c
}

// run runs a command in a container; it must succeed.
func run(t *testing.T, c *nspawn.Container, args ...string) string {
	t.Helper()
	out, err := c.Run(t.Context(), args...)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return strings.TrimSpace(out)
}

// there tells whether a tree has something at a path.
func there(t *testing.T, root, name string) bool {
	t.Helper()
	_, err := os.Lstat(filepath.Join(root, name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return err == nil
}
