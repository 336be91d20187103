// Package qemu boots a disk image with its own kernel: for NFS, for DMI, for loss
// of power at a chosen moment, and for what `packer build` makes.
//
// KVM is used where it works. Emulation boots Debian to SSH in some 20 to 40 s.
// The disk cache is "unsafe": what the guest has written survives [VM.Kill], what
// it has not yet written is lost, as with a power cut. In which order a real disk
// would lose its own cache is for package writelog to try.
package qemu

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/leaven-dev/leaven/e2e/console"
	"github.com/leaven-dev/leaven/e2e/machine"
	"github.com/leaven-dev/leaven/e2e/netns"
	"github.com/leaven-dev/leaven/e2e/sshclient"
)

// Config says what to boot. Disk, Kernel, Initrd and Dir are required.
//
// The guest is behind QEMU's user network: 10.0.2.15 by DHCP. Without Network it
// reaches nothing: a machine in a cloud has a metadata service of its own, which a
// guest must never see. With Network it reaches what that namespace does: its
// loopback as 10.0.2.2, and 169.254.169.254 as on EC2 (package imds).
type Config struct {
	Disk        string            // qcow2 whose whole disk is the root file system; the boot writes to it (package disk has overlays)
	Kernel      string            // debroot.Root.Kernel
	Initrd      string            // debroot.Root.Initrd
	Dir         string            // folder for serial.log and the monitor's socket
	InstanceID  string            // what DMI's board_asset_tag says, as on EC2's Nitro; "" leaves it out
	UUID        string            // what DMI's product_uuid says; "" lets QEMU choose none
	Credentials map[string]string // systemd credentials by name
	Logins      []sshclient.Login // whom SSH lets in
	Append      string            // more kernel parameters
	Args        []string          // more arguments for QEMU
	MemoryMB    int               // 0 means 1024
	WriteLog    string            // an empty file that gets all that is written to the disk, and each flush (package writelog); "" for none
	Network     string            // network namespace file (netns.Namespace.Path) that the guest's connections start from; see below
}

// VM is one boot.
type VM struct {
	Console *console.Log // the serial console

	cmd     *exec.Cmd
	monitor *monitor
	ssh     string // on this machine
	forward *netns.Forward
	done    chan struct{}
	err     error // why QEMU ended; read after done
	close   func() error
}

// Start starts the machine and returns at once; see [VM.SSHAddress] and
// console.Log.Wait. The machine ends with ctx, at Close, and with this process.
func Start(ctx context.Context, cfg Config) (*VM, error) {
	if err := machine.Need("qemu-system-x86_64", "nsenter"); err != nil {
		return nil, err
	}
	log, err := console.Create(filepath.Join(cfg.Dir, "serial.log"))
	if err != nil {
		return nil, err
	}
	socket := filepath.Join(cfg.Dir, "monitor")
	args := append([]string{"qemu-system-x86_64"}, arguments(cfg, Accelerator(ctx), socket)...)
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	if cfg.Network != "" {
		cmd = netns.Command(ctx, cfg.Network, args...)
	}
	cmd.Stdout, cmd.Stderr = log, log
	cmd.WaitDelay = 5 * time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot start QEMU: %w", err), log.Close())
	}
	vm := &VM{Console: log, cmd: cmd, done: make(chan struct{})}
	vm.close = sync.OnceValue(func() error {
		cmd.Process.Kill() // fails only when it has ended
		<-vm.done
		if vm.forward != nil {
			vm.forward.Close()
		}
		if vm.monitor != nil {
			vm.monitor.Close()
		}
		return nil
	})
	go func() {
		vm.err = cmd.Wait()
		log.Close()
		close(vm.done)
	}()
	err = vm.connect(ctx, socket)
	if err == nil && cfg.Network != "" {
		vm.forward, err = netns.NewForward(cfg.Network, vm.ssh)
	}
	if err != nil {
		return nil, errors.Join(err, vm.Close())
	}
	if vm.forward != nil {
		vm.ssh = vm.forward.Address()
	}
	return vm, nil
}

// connect opens the monitor and asks which port QEMU took for SSH.
func (vm *VM) connect(ctx context.Context, socket string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		m, err := dialMonitor(socket)
		if err == nil {
			vm.monitor = m
			vm.ssh, err = m.forwarded()
			return err
		}
		select {
		case <-vm.done:
			return fmt.Errorf("cannot start QEMU: %v; the last lines of %s:\n%s", vm.err, vm.Console.Path(), vm.Console.Tail(20))
		case <-ctx.Done():
			return fmt.Errorf("cannot start QEMU: %w; see %s", err, vm.Console.Path())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// SSHAddress is the address on this machine's loopback that leads to port 22 of
// the guest.
func (vm *VM) SSHAddress() string { return vm.ssh }

// Dial logs in as one of Config.Logins as soon as the guest lets it, and gives up
// when the machine or ctx ends.
func (vm *VM) Dial(ctx context.Context, user string, key *sshclient.Key) (*sshclient.Client, error) {
	dialing, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-vm.done:
			cancel()
		case <-dialing.Done():
		}
	}()
	c, err := sshclient.Dial(dialing, vm.ssh, user, key)
	if err != nil {
		return nil, fmt.Errorf("%w; the last lines of %s:\n%s", err, vm.Console.Path(), vm.Console.Tail(20))
	}
	return c, nil
}

// Kill cuts the power now.
func (vm *VM) Kill() error { return vm.Close() }

// KillAt cuts the power as soon as text is on the console.
func (vm *VM) KillAt(ctx context.Context, text string) error {
	if err := vm.Console.Wait(ctx, text); err != nil {
		return err
	}
	return vm.Kill()
}

// Shutdown presses the power button and waits until the machine is off. The
// guest must be so far that systemd-logind hears it.
func (vm *VM) Shutdown(ctx context.Context) error {
	if err := vm.monitor.powerdown(); err != nil {
		return err
	}
	return vm.Wait(ctx)
}

// Wait returns when the machine has switched itself off, or asked for a reboot:
// that ends QEMU too, and the caller starts it again.
func (vm *VM) Wait(ctx context.Context) error {
	select {
	case <-vm.done:
	case <-ctx.Done():
		return fmt.Errorf("the virtual machine still runs: %w; the last lines of %s:\n%s", ctx.Err(), vm.Console.Path(), vm.Console.Tail(20))
	}
	if vm.err != nil {
		return fmt.Errorf("QEMU ended badly: %w; the last lines of %s:\n%s", vm.err, vm.Console.Path(), vm.Console.Tail(20))
	}
	return vm.Close()
}

// Close cuts the power if the machine still runs. A second Close does nothing.
func (vm *VM) Close() error { return vm.close() }
