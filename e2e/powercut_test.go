package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/leaven-dev/leaven/e2e/debroot"
	"github.com/leaven-dev/leaven/e2e/disk"
	"github.com/leaven-dev/leaven/e2e/qemu"
	"github.com/leaven-dev/leaven/e2e/sshclient"
)

// TestPowerCutDuringIdentity cuts the power while the identity stage of a first boot is at work, and boots again. What was in
// the guest's memory is lost then, so this tries what killing a process cannot: that everything is synced in the right order.
func TestPowerCutDuringIdentity(t *testing.T) {
	pristine, err := debroot.Build(t.Context(), debroot.VM("bookworm").With("strace"), t.Output())
	if err != nil {
		t.Fatal(err)
	}
	work := scratch(t)
	root := filepath.Join(work, "root")
	if err := pristine.CopyTo(t.Context(), root); err != nil {
		t.Fatal(err)
	}
	baked := publicKeys(t, root)
	install(t, root)
	// Each fsync takes a while longer, so that a cut lands between two of them, however fast the machine is.
	put(t, root, "etc/systemd/system/leaven-identity.service.d/slow.conf", "[Service]\nExecStart=\n"+
		"ExecStart=/usr/bin/strace -f --seccomp-bpf -o /dev/null -e trace=fsync -e inject=fsync:delay_exit=100000 /usr/bin/leaven firstboot --stage identity\n", 0o644)
	image := pack(t, root, work)
	first := func(t *testing.T) (cfg qemu.Config, dir string) {
		t.Helper()
		dir = scratch(t)
		cfg = qemu.Config{Disk: filepath.Join(dir, "disk.qcow2"), Dir: t.ArtifactDir(), InstanceID: "i-0123456789abcdef0"}
		if cfg.Kernel, err = pristine.Kernel(); err != nil {
			t.Fatal(err)
		}
		if cfg.Initrd, err = pristine.Initrd(); err != nil {
			t.Fatal(err)
		}
		if err := disk.Overlay(t.Context(), image, cfg.Disk); err != nil {
			t.Fatal(err)
		}
		return cfg, dir
	}
	var takes time.Duration // from systemd's word that it starts the unit to the last line that the unit prints
	t.Run("uncut", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		cfg, _ := first(t)
		vm := startVM(t, cfg)
		if err := vm.Console.Wait(ctx, "leaven-identity"); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if err := vm.Console.Wait(ctx, "END SSH HOST KEY KEYS"); err != nil {
			t.Fatal(err)
		}
		takes = time.Since(start)
		t.Logf("the identity stage takes %v", takes)
	})
	for _, part := range parts(t) {
		t.Run(fmt.Sprintf("%.2f", part), func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
			defer cancel()
			cfg, dir := first(t)
			after := time.Duration(part * float64(takes))
			vm := startVM(t, cfg)
			if err := vm.Console.Wait(ctx, "leaven-identity"); err != nil {
				t.Fatal(err)
			}
			time.Sleep(after)
			if err := vm.Kill(); err != nil {
				t.Fatal(err)
			}
			cut := onDisk(t, cfg.Disk, dir)
			t.Logf("cut %v after the start of the unit: %d of the image's host keys and %d new ones are on the disk", after, len(common(cut, baked)), len(cut)-len(common(cut, baked)))

			key, err := sshclient.NewKey()
			if err != nil {
				t.Fatal(err)
			}
			cfg.Dir, cfg.Logins = filepath.Join(t.ArtifactDir(), "again"), []qemu.Login{{User: "admin", Key: key.Authorized}}
			if err := os.MkdirAll(cfg.Dir, 0o755); err != nil {
				t.Fatal(err)
			}
			vm = startVM(t, cfg)
			client, err := sshclient.Dial(ctx, vm.SSHAddress(), "admin", key)
			if err != nil {
				t.Fatalf("%v; the last lines of %s:\n%s", err, vm.Console.Path(), vm.Console.Tail(20))
			}
			defer client.Close()
			shown := showHostKeys(ctx, t, vm)
			if len(shown) != 2 || len(common(shown, baked)) > 0 {
				t.Errorf("after the cut, sshd shows %q, want an ECDSA and an Ed25519 key, none of the image's %q", shown, baked)
			}
			for _, published := range cut {
				if !slices.Contains(baked, published) && !slices.Contains(shown, published) {
					t.Errorf("%q was published before the cut and changed", published)
				}
			}
			text, err := client.Run(ctx, "leaven status --wait && leaven keys fingerprints && ls -a /etc/ssh && cat /var/lib/leaven/current/state.json")
			if err != nil {
				t.Errorf("%v\n%s", err, text)
			}
			if strings.Contains(text, ".leaven-") || strings.Contains(text, "ssh_host_rsa_key") || !strings.Contains(text, `"source": "dmi"`) {
				t.Errorf("not the state of an instance whose first boot went well:\n%s", text)
			}
		})
	}
}

// parts of the time that the identity stage takes, at which the power is cut; LEAVEN_POWER_CUTS asks for more of them.
func parts(t *testing.T) []float64 {
	t.Helper()
	n := 3
	if asked := os.Getenv("LEAVEN_POWER_CUTS"); asked != "" {
		var err error
		if n, err = strconv.Atoi(asked); err != nil {
			t.Fatalf("LEAVEN_POWER_CUTS: %v", err)
		}
	}
	var list []float64
	for i := range n {
		list = append(list, 0.2+0.8*float64(i+1)/float64(n+1)) // before that the program is loaded
	}
	return list
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

// onDisk returns the host keys on a disk on which nothing runs.
func onDisk(t *testing.T, image, dir string) []string {
	t.Helper()
	m, err := disk.Mount(t.Context(), image, dir)
	if err != nil {
		t.Fatal(err)
	}
	keys := publicKeys(t, m.Root)
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	return keys
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
