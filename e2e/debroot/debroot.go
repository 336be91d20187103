// Package debroot makes real Debian roots with mmdebstrap, and disk images from
// them, and caches both.
//
// Roots are made from the mirror that this machine itself uses. They are as
// fresh as the day they were made: `make clean` makes them anew.
package debroot

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/leaven-dev/leaven/e2e/cache"
	"github.com/leaven-dev/leaven/e2e/machine"
)

// Root is a pristine root in the cache. It is never changed: boot copies of it.
type Root struct {
	Recipe Recipe
	dir    string
}

// Build returns the root that the recipe describes, from the cache where it has
// it; else it makes it in about a minute and says so, with what mmdebstrap
// prints, on progress.
func Build(ctx context.Context, r Recipe, progress io.Writer) (*Root, error) {
	if err := machine.NeedRoot(); err != nil {
		return nil, err
	}
	if err := machine.Need("mmdebstrap", "gpg", "/usr/share/keyrings/debian-archive-keyring.gpg"); err != nil {
		return nil, err
	}
	dir, err := cache.Entry(ctx, r.name(), func(path string) error { return bootstrap(ctx, r, path, progress) })
	if err != nil {
		return nil, err
	}
	return &Root{Recipe: r, dir: dir}, nil
}

func bootstrap(ctx context.Context, r Recipe, dir string, progress io.Writer) error {
	start := time.Now()
	fmt.Fprintf(progress, "debroot: making a Debian root (%s, %d packages), once\n", r.Suite, len(r.Packages))
	args := []string{
		"--variant=apt",
		"--include=" + strings.Join(r.Packages, ","),
		// A shell of the root reads the script from its standard input, so it needs no file in there;
		// from the environment, because mmdebstrap prints the hooks.
		`--customize-hook=printf %s "$RECIPE_SCRIPT" | chroot "$1" sh -eu`,
	}
	if r.LivedIn {
		args = append(args, "--skip=cleanup/reproducible")
	}
	args = append(args, r.Suite, dir)
	uri, err := mirror(ctx)
	if err != nil {
		return err
	}
	if uri != "" {
		args = append(args, "deb "+uri+" "+r.Suite+" main")
	}
	var log bytes.Buffer
	cmd := exec.CommandContext(ctx, "mmdebstrap", args...)
	cmd.Env = append(os.Environ(), "RECIPE_SCRIPT="+r.Script)
	cmd.Stdout = io.MultiWriter(&log, progress)
	cmd.Stderr = cmd.Stdout
	// mmdebstrap unmounts what it mounted when it is interrupted; killed, it cannot.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.WaitDelay = 30 * time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGINT}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("cannot make a Debian root of suite %s: mmdebstrap: %w:\n%s", r.Suite, err, tail(log.String(), 25))
	}
	fmt.Fprintf(progress, "debroot: %s made in %.0f s\n", r.Suite, time.Since(start).Seconds())
	return nil
}

// CopyTo makes dir, which must not exist, a copy of the root with owners, modes,
// links, xattrs and times: about 2 s and 300 MB. The caller removes it.
func (r *Root) CopyTo(ctx context.Context, dir string) error {
	if _, err := os.Lstat(dir); err == nil {
		return fmt.Errorf("cannot copy a root to %s: it exists already", dir)
	}
	out, err := exec.CommandContext(ctx, "cp", "-a", "--reflink=auto", r.dir, dir).CombinedOutput()
	if err != nil {
		return fmt.Errorf("cannot copy a root to %s: %w: %s", dir, err, tail(string(out), 5))
	}
	return nil
}

// Kernel and Initrd return the files that QEMU boots directly.
func (r *Root) Kernel() (string, error) { return r.boot("vmlinuz-*") }

// Initrd is the root's initial RAM disk; see Kernel.
func (r *Root) Initrd() (string, error) { return r.boot("initrd.img-*") }

func (r *Root) boot(glob string) (string, error) {
	found, err := filepath.Glob(filepath.Join(r.dir, "boot", glob))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("cannot boot the root of suite %s: want one boot/%s in it, found %d: use the recipe VM", r.Recipe.Suite, glob, len(found))
	}
	return found[0], nil
}

func tail(text string, lines int) string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
