package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/leaven-dev/leaven/e2e/debroot"
	"github.com/leaven-dev/leaven/e2e/guard"
	"github.com/leaven-dev/leaven/e2e/qemu"
	"github.com/leaven-dev/leaven/e2e/sshclient"
)

// mountRaw mounts a file system; its journal is replayed as at the next boot.
func mountRaw(t *testing.T, raw, dir string) (root string, unmount func()) {
	t.Helper()
	root, err := os.MkdirTemp(dir, "root-")
	if err != nil {
		t.Fatal(err)
	}
	undo, err := guard.Start(`if mountpoint -q "$1"; then umount "$1" || umount -l "$1"; fi`, root)
	if err != nil {
		t.Fatal(err)
	}
	unmount = func() {
		if err := undo.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(unmount)
	if out, err := exec.CommandContext(t.Context(), "mount", "-o", "loop", raw, root).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return root, unmount
}

// vmWithTools is the root of tests of mounts and volumes: one, since making a root takes a minute and more.
func vmWithTools() debroot.Recipe {
	return debroot.VM("bookworm").With("nfs-common", "xfsprogs", "lvm2", "cryptsetup-bin", "mdadm", "dmsetup", "gdisk")
}

// pack makes a disk image of a root.
func pack(t *testing.T, root, dir string) string {
	t.Helper()
	raw, image := filepath.Join(dir, "raw"), filepath.Join(dir, "image.qcow2")
	for _, args := range [][]string{
		{"truncate", "-s", fmt.Sprint(debroot.ImageSize), raw},
		{"mke2fs", "-q", "-t", "ext4", "-L", "root", "-d", root, raw},
		{"qemu-img", "convert", "-q", "-f", "raw", "-O", "qcow2", raw, image},
	} {
		if out, err := exec.CommandContext(t.Context(), args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", args[0], err, out)
		}
	}
	if err := os.Remove(raw); err != nil {
		t.Fatal(err)
	}
	return image
}

// startVM starts a virtual machine that ends with the test.
func startVM(t *testing.T, cfg qemu.Config) *qemu.VM {
	t.Helper()
	vm, err := qemu.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := vm.Close(); err != nil {
			t.Error(err)
		}
	})
	return vm
}

// showHostKeys returns the host keys that the machine's SSH server shows, like scan.
func showHostKeys(ctx context.Context, t *testing.T, vm *qemu.VM) []string {
	t.Helper()
	found, err := sshclient.HostKeys(ctx, vm.SSHAddress(), "ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512")
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, key := range found {
		keys = append(keys, strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key))))
	}
	slices.Sort(keys)
	return keys
}
