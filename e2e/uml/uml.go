// Package uml boots a disk image with User-Mode Linux: a kernel of its own that is a program of this machine. It knows NFS, which this
// machine's kernel need not, and computes at full speed where a processor would have to be emulated (package qemu). It has one CPU and
// no firmware, so no DMI; starting a process takes it some 20 ms.
package uml

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/leaven-dev/leaven/e2e/console"
	"github.com/leaven-dev/leaven/e2e/machine"
	"github.com/leaven-dev/leaven/e2e/netns"
	"github.com/leaven-dev/leaven/e2e/sshclient"
)

// Config says what to boot. Disk, Dir, Network and Key are required.
//
// The guest is 10.0.2.15; the namespace is 10.0.2.2, and its router: it reaches what listens there on all addresses. Only one guest can
// be in a namespace.
type Config struct {
	Disk        string            // image, prepared by [Prepare]; the boot writes to it
	Base        string            // raw image of which Disk has only what differs, in a format of this kernel's own; "" where Disk is a raw image
	ReadOnly    string            // raw image that is /dev/ubdb; "" for none
	Dir         string            // folder for console.log and the kernel's own files
	Network     *netns.Namespace  // what it is connected to
	Credentials map[string]string // systemd credentials by name: one line each, without quotes and backslashes
	Key         *sshclient.Key    // with what SSH lets root in; the disk keeps the first one that it was booted with
	MemoryMB    int               // 0 means 1024
}

// modules is where Debian's package has the kernel's modules.
const modules = "/usr/lib/uml/modules"

// Prepare gives a root that is to become an image what this kernel needs: its modules and an address for its network device, which no
// DHCP server knows.
func Prepare(ctx context.Context, root string) error {
	if err := machine.Need("linux.uml"); err != nil {
		return err
	}
	if out, err := exec.CommandContext(ctx, "cp", "-a", modules+"/.", filepath.Join(root, "usr/lib/modules")).CombinedOutput(); err != nil {
		return fmt.Errorf("cannot copy the kernel's modules: %w: %s", err, out)
	}
	if err := os.Rename(filepath.Join(root, "usr/bin/ps"), filepath.Join(root, "usr/bin/ps.procps")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	} else if err == nil {
		if err := os.WriteFile(filepath.Join(root, "usr/bin/ps"), []byte(ps), 0o755); err != nil {
			return err
		}
	}
	for name, text := range map[string]string{
		"etc/systemd/network/10-eth0.link": "[Match]\nOriginalName=vec0\n[Link]\nName=eth0\n",
		"etc/network/interfaces.d/eth0":    "auto eth0\niface eth0 inet static\n\taddress 10.0.2.15/24\n\tgateway 10.0.2.2\n",
	} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// ps takes care that nobody asks ps(1) when processes started: procps does not get along with this kernel's /proc/stat and ends in the
// middle of a line ("Unable to get system boot time"), from which CFEngine concludes that nothing runs.
const ps = `#!/bin/sh
for a; do
	shift
	case $a in
	*,stime,*) set -- "$@" "${a%%,stime,*}" -o etime=STIME -o "${a#*,stime,}" ;;
	*) set -- "$@" "$a" ;;
	esac
done
exec ps.procps "$@"
`

// VM is one boot.
type VM struct {
	Console *console.Log

	key     *sshclient.Key
	forward *netns.Forward
	done    chan struct{}
	err     error // why it ended; read after done
	close   func() error
}

// Start starts the machine and returns at once. It ends with ctx, at Close, and with this process.
func Start(ctx context.Context, cfg Config) (*VM, error) {
	if err := errors.Join(machine.NeedRoot(), machine.Need("linux.uml", "nsenter", "ip")); err != nil {
		return nil, err
	}
	if err := connect(ctx, cfg.Network); err != nil {
		return nil, err
	}
	log, err := console.Create(filepath.Join(cfg.Dir, "console.log"))
	if err != nil {
		return nil, err
	}
	cmd := cfg.Network.Command(ctx, append([]string{"linux.uml"}, arguments(cfg)...)...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.WaitDelay = 5 * time.Second
	// It is the first process of a PID namespace: its helpers and what runs in the guest are processes, too, and end with it.
	cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWPID
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot start User-Mode Linux: %w", err), log.Close())
	}
	vm := &VM{Console: log, key: cfg.Key, done: make(chan struct{})}
	vm.close = sync.OnceValue(func() error {
		cmd.Process.Kill() // fails only when it has ended
		<-vm.done
		if vm.forward != nil {
			vm.forward.Close()
		}
		return nil
	})
	go func() {
		vm.err = cmd.Wait()
		log.Close()
		close(vm.done)
	}()
	if vm.forward, err = netns.NewForward(cfg.Network.Path(), "10.0.2.15:22"); err != nil {
		return nil, errors.Join(err, vm.Close())
	}
	return vm, nil
}

// connect makes the namespace's end of the cable, if it is not there from a boot before.
func connect(ctx context.Context, ns *netns.Namespace) error {
	if _, err := ns.Run(ctx, "ip", "link", "show", "tap0"); err == nil {
		return nil
	}
	_, err := ns.Run(ctx, "ip", "tuntap", "add", "tap0", "mode", "tap")
	if err == nil {
		err = ns.AddAddress(ctx, "tap0", "10.0.2.2/24")
	}
	if err == nil {
		_, err = ns.Run(ctx, "ip", "link", "set", "tap0", "up")
	}
	return err
}

func arguments(cfg Config) []string {
	args := []string{
		fmt.Sprintf("mem=%dM", cmp.Or(cfg.MemoryMB, 1024)), disk(cfg), "root=/dev/ubda", "rw", "rootfstype=ext4",
		"vec0:transport=tap,ifname=tap0", "con=null", "con0=null,fd:1", "ssl=null", "umid=guest", "uml_dir=" + cfg.Dir,
		"net.ifnames=0", "panic=-1", "quiet", "systemd.show_status=1", "systemd.log_color=no",
	}
	if cfg.ReadOnly != "" {
		args = append(args, "ubd1rc="+cfg.ReadOnly)
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Credentials)) {
		args = append(args, credential(name, cfg.Credentials[name]))
	}
	return append(args, credential("ssh.authorized_keys.root", strings.TrimSpace(cfg.Key.Authorized)))
}

func disk(cfg Config) string {
	if cfg.Base == "" {
		return "ubd0=" + cfg.Disk
	}
	return "ubd0=" + cfg.Disk + "," + cfg.Base
}

// credential is one on the kernel's command line (kernel-command-line(7)), which may have 4096 characters.
func credential(name, value string) string {
	return `"systemd.set_credential=` + name + ":" + value + `"`
}

// Dial logs in as root as soon as the guest lets it, and gives up when the machine or ctx ends.
func (vm *VM) Dial(ctx context.Context) (*sshclient.Client, error) {
	dialing, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-vm.done:
			cancel()
		case <-dialing.Done():
		}
	}()
	c, err := sshclient.Dial(dialing, vm.forward.Address(), "root", vm.key)
	if err != nil {
		return nil, fmt.Errorf("%w; the last lines of %s:\n%s", err, vm.Console.Path(), strings.TrimSpace(vm.Console.Tail(20)))
	}
	return c, nil
}

// Kill cuts the power now.
func (vm *VM) Kill() error { return vm.Close() }

// Close cuts the power if the machine still runs. A second Close does nothing.
func (vm *VM) Close() error { return vm.close() }
