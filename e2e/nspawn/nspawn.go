// Package nspawn boots a Debian root, systemd and all, in a container with a
// network of its own, in a few seconds.
//
// It has no kernel of its own: no NFS, no power cuts, no DMI. Use package qemu
// for those. Loss of power cannot be tried here because what was written stays
// in this machine's page cache.
package nspawn

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/leaven-dev/leaven/e2e/console"
	"github.com/leaven-dev/leaven/e2e/machine"
)

// Config says what to boot. Root and Console are required.
type Config struct {
	Root        string            // the folder of the root; the boot changes it
	Console     string            // file for what is written on the console
	Credentials map[string]string // systemd credentials by name, such as leaven.instance-id
	Binds       []string          // "/host/file:/file", read-only
	Network     string            // network namespace file (netns.Namespace.Path); "" is a new one with only loopback
	Args        []string          // more arguments for systemd-nspawn
}

// Container is one boot. Boot the same root again for the next one.
type Container struct {
	Console *console.Log

	cmd    *exec.Cmd
	group  *cgroup
	leader atomic.Pointer[os.Process] // the container's systemd; nil until it was found
	done   chan struct{}
	err    error // why nspawn ended; read after done
	close  func() error
}

// exitReboot is nspawn's exit status with --keep-unit when the container asked
// for a reboot (systemd-nspawn(1), "Exit status").
const exitReboot = 133

// Boot starts the container and returns as soon as its systemd runs; WaitBooted
// waits for the rest. The container ends with ctx, at Close, and with this process.
func Boot(ctx context.Context, cfg Config) (*Container, error) {
	if err := errors.Join(machine.NeedRoot(), machine.Need("systemd-nspawn", "nsenter"), inotify()); err != nil {
		return nil, err
	}
	log, err := console.Create(cfg.Console)
	if err != nil {
		return nil, err
	}
	group, err := newCgroup("leaven-nspawn-")
	if err != nil {
		return nil, errors.Join(err, log.Close())
	}
	cmd := exec.CommandContext(ctx, "systemd-nspawn", arguments(cfg, group.machine())...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.WaitDelay = 5 * time.Second
	// On a machine in hybrid mode nspawn would choose version 1, which systemd 257 cannot use.
	cmd.Env = append(os.Environ(), "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, UseCgroupFD: true, CgroupFD: int(group.dir.Fd())}
	c := &Container{Console: log, cmd: cmd, group: group, done: make(chan struct{})}
	cmd.Cancel = func() error { // when ctx ends
		if leader := c.leader.Load(); leader != nil {
			return leader.Kill()
		}
		return cmd.Process.Kill()
	}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot start systemd-nspawn: %w", err), group.remove(), log.Close())
	}
	c.close = sync.OnceValue(func() error {
		// The container's systemd first: nspawn reaps it, cleans up and ends. Killed
		// together with nspawn it would be left to whoever inherits it.
		if leader := c.leader.Load(); leader != nil {
			leader.Kill() // fails only when it has ended
			select {
			case <-c.done:
			case <-time.After(5 * time.Second):
			}
		}
		err := group.remove()
		<-c.done
		return err
	})
	go func() {
		c.err = cmd.Wait()
		log.Close()
		close(c.done)
	}()
	if err := c.findLeader(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// inotify sees to enough of its instances for many containers: all share those of this machine's root, a systemd needs about eight, and
// one that gets none hangs while it boots.
func inotify() error {
	const limit, enough = "/proc/sys/fs/inotify/max_user_instances", 1024
	text, err := os.ReadFile(limit)
	if err != nil {
		return err
	}
	if n, err := strconv.Atoi(strings.TrimSpace(string(text))); err != nil || n >= enough {
		return err
	}
	return os.WriteFile(limit, []byte(strconv.Itoa(enough)), 0o644)
}

func arguments(cfg Config, machine string) []string {
	args := []string{
		"--quiet", "--boot", "--directory=" + cfg.Root, "--console=read-only",
		"--machine=" + machine, "--hostname=localhost", // a root without a host name gets none from us
		"--register=no", "--keep-unit", // nothing outside our own control group
		"--resolv-conf=off", "--timezone=off", "--link-journal=no", // nothing of this machine gets into the root
	}
	if cfg.Network != "" {
		args = append(args, "--network-namespace-path="+cfg.Network)
	} else {
		args = append(args, "--private-network")
	}
	for name, value := range cfg.Credentials {
		args = append(args, "--set-credential="+name+":"+value)
	}
	for _, b := range cfg.Binds {
		args = append(args, "--bind-ro="+b)
	}
	return slices.Concat(args, cfg.Args)
}

// Kill ends the container at once, as pulling its plug would.
func (c *Container) Kill() error { return c.Close() }

// Close kills what still runs and removes all traces but the root and the
// console's file. A second Close does nothing.
func (c *Container) Close() error { return c.close() }

// Wait returns when the container has ended by itself: with nil after a power-off,
// and true after a reboot, which is left to the caller (Boot the same root).
func (c *Container) Wait(ctx context.Context) (reboot bool, err error) {
	select {
	case <-c.done:
	case <-ctx.Done():
		return false, fmt.Errorf("the container still runs: %w; the last lines of %s:\n%s", ctx.Err(), c.Console.Path(), c.Console.Tail(20))
	}
	if exit, ok := errors.AsType[*exec.ExitError](c.err); ok && exit.ExitCode() == exitReboot {
		return true, c.Close()
	}
	if c.err != nil {
		return false, fmt.Errorf("the container ended badly: %w; the last lines of %s:\n%s", c.err, c.Console.Path(), c.Console.Tail(20))
	}
	return false, c.Close()
}

// Poweroff shuts the container down cleanly and waits for its end.
func (c *Container) Poweroff(ctx context.Context) error {
	// SIGRTMIN+4 is poweroff.target for PID 1 (systemd(1)): needs no D-Bus and no
	// command in the container, so it works at any moment of the boot.
	const sigrtmin = 34
	if err := c.leader.Load().Signal(syscall.Signal(sigrtmin + 4)); err != nil {
		return fmt.Errorf("cannot ask the container to power off: %w", err)
	}
	reboot, err := c.Wait(ctx)
	if reboot {
		return errors.Join(errors.New("the container rebooted instead of powering off"), err)
	}
	return err
}

// WaitBooted waits until the boot is finished and returns systemd's word for how:
// running, or degraded when a unit failed (see [Container.FailedUnits]).
func (c *Container) WaitBooted(ctx context.Context) (string, error) {
	for {
		// Fails until systemd listens; and is non-zero for all but "running".
		out, _ := c.Command(ctx, "systemctl", "is-system-running", "--wait").Output()
		switch state := strings.TrimSpace(string(out)); state {
		case "running", "degraded", "maintenance":
			return state, nil
		}
		select {
		case <-c.done:
			return "", fmt.Errorf("the container ended while it booted; the last lines of %s:\n%s", c.Console.Path(), c.Console.Tail(20))
		case <-ctx.Done():
			return "", fmt.Errorf("the container did not finish booting: %w; the last lines of %s:\n%s", ctx.Err(), c.Console.Path(), c.Console.Tail(20))
		case <-time.After(50 * time.Millisecond):
		}
	}
}
