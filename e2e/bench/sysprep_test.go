package bench

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leaven-dev/leaven/e2e/corpus"
	"github.com/leaven-dev/leaven/e2e/debroot"
	"github.com/leaven-dev/leaven/e2e/guard"
	"github.com/leaven-dev/leaven/e2e/qemu"
)

// sysprep seals a tree with virt-sysprep, and judges what it made of it. It works on a disk image through a virtual machine of
// its own, so the tree is packed into one; the time for that, and for making the machine, is not counted.
func sysprep(b *testing.B, s *scales, dirty string) (cost, map[corpus.Fate]int) {
	b.Helper()
	if _, err := exec.LookPath("virt-sysprep"); err != nil {
		b.Fatalf("cannot compare with virt-sysprep: %v: run `make bench`, or `apt-get install guestfs-tools`", err)
	}
	dir := scratch(b)
	setLibguestfs(b, dirty, dir)
	raw, root := filepath.Join(dir, "raw"), filepath.Join(dir, "root")
	if err := errors.Join(os.WriteFile(raw, nil, 0o600), os.Truncate(raw, debroot.ImageSize), os.Mkdir(root, 0o755)); err != nil {
		b.Fatal(err)
	}
	command(b, "mke2fs", "-q", "-t", "ext4", "-d", dirty, raw)
	device := loop(b, raw) // one for all: it is part of what makes a file the same as before
	// What was planted as fstab is none. libguestfs does nothing on such a system, so it gets one, and is judged by the other.
	fstab := filepath.Join(root, "etc/fstab")
	planted, err := os.ReadFile(filepath.Join(dirty, "etc/fstab"))
	if err != nil {
		b.Fatal(err)
	}
	var w *corpus.Witness
	mounted(b, device, root, func() {
		if w, err = corpus.See(root, corpus.Items()); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(fstab, nil, 0o640); err != nil {
			b.Fatal(err)
		}
	})
	command(b, "virt-cat", "-a", raw, "/etc/hostname") // builds its machine, once
	// It gives up at what it cannot do; what it has done until then counts.
	c := s.weigh(b, []int{0, 1}, "virt-sysprep", "--quiet", "-a", raw)
	var right map[corpus.Fate]int
	mounted(b, device, root, func() {
		if err := os.WriteFile(fstab, planted, 0o640); err != nil {
			b.Fatal(err)
		}
		right = w.Right()
	})
	return c, right
}

// setLibguestfs has libguestfs make its machine from the kernel of a tree, so that this machine needs none of its own.
func setLibguestfs(b *testing.B, tree, dir string) {
	b.Helper()
	kernels, err := filepath.Glob(filepath.Join(tree, "boot/vmlinuz-*"))
	if err != nil || len(kernels) != 1 {
		b.Fatalf("want one kernel in %s, found %q, %v", tree, kernels, err)
	}
	version := filepath.Base(kernels[0])[len("vmlinuz-"):]
	b.Setenv("SUPERMIN_KERNEL", kernels[0])
	b.Setenv("SUPERMIN_KERNEL_VERSION", version)
	b.Setenv("SUPERMIN_MODULES", filepath.Join(tree, "lib/modules", version))
	b.Setenv("LIBGUESTFS_BACKEND", "direct")
	b.Setenv("LIBGUESTFS_CACHEDIR", dir)
	if qemu.Accelerator(b.Context()) == "tcg" {
		b.Setenv("LIBGUESTFS_BACKEND_SETTINGS", "force_tcg") // where KVM only seems to work, it would fail
	}
	// supermin looks into this folder even so, and fails where no kernel was ever installed.
	const modules = "/lib/modules"
	if err := os.Mkdir(modules, 0o755); err == nil {
		b.Cleanup(func() { os.Remove(modules) })
	} else if !errors.Is(err, fs.ErrExist) {
		b.Fatal(err)
	}
}

// loop makes a device of a raw image, until the end of the benchmark.
func loop(b *testing.B, raw string) string {
	b.Helper()
	undo, err := guard.Start(`losetup --associated "$1" --noheadings --output NAME | xargs -r losetup --detach`, raw)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := undo.Close(); err != nil {
			b.Error(err)
		}
	})
	out, err := exec.CommandContext(b.Context(), "losetup", "--find", "--show", raw).Output()
	if err != nil {
		b.Fatalf("cannot make a device of %s: %v", raw, err)
	}
	return strings.TrimSpace(string(out))
}

// mounted calls what with the file system of a device, or of a raw image, mounted.
func mounted(b *testing.B, device, dir string, what func()) {
	b.Helper()
	undo, err := guard.Start(`if mountpoint -q "$1"; then umount "$1" || umount -l "$1"; fi`, dir)
	if err != nil {
		b.Fatal(err)
	}
	command(b, "mount", device, dir)
	what()
	if err := undo.Close(); err != nil {
		b.Fatal(err)
	}
}
