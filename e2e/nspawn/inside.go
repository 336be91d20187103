package nspawn

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Command makes a command that runs as root inside the container, with an
// environment of its own. It enters the namespaces of the container's PID 1:
// unlike systemd-run and machinectl this needs no registration with machined,
// and nothing but the program itself inside.
func (c *Container) Command(ctx context.Context, args ...string) *exec.Cmd {
	enter := []string{
		"--target", strconv.Itoa(c.leader.Load().Pid), "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root", "--wd",
		"--", "/usr/bin/env", "-i", "HOME=/root", "USER=root", "LANG=C.UTF-8", "TERM=dumb",
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	}
	cmd := exec.CommandContext(ctx, "nsenter", append(enter, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.WaitDelay = 2 * time.Second
	return cmd
}

// Run runs a command inside and returns its standard output. The error of one
// that fails has its standard error.
func (c *Container) Run(ctx context.Context, args ...string) (string, error) {
	cmd := c.Command(ctx, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String(), fmt.Errorf("cannot run %q in the container: %w: %s", args, err, strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), nil
}

// Journal returns this boot's journal; args narrow it ("--unit=ssh.service").
func (c *Container) Journal(ctx context.Context, args ...string) (string, error) {
	return c.Run(ctx, append([]string{"journalctl", "--boot", "--no-pager", "--quiet"}, args...)...)
}

// FailedUnits returns one line for each unit that failed.
func (c *Container) FailedUnits(ctx context.Context) (string, error) {
	return c.Run(ctx, "systemctl", "--failed", "--plain", "--no-legend", "--no-pager")
}

// Leader returns the process id of the container's PID 1, as this machine
// numbers it; its namespaces are in /proc/ID/ns.
func (c *Container) Leader() int { return c.leader.Load().Pid }

// findLeader waits until nspawn's child is systemd in its own root. It is the
// one process below nspawn that is number 1 in a namespace of its own.
func (c *Container) findLeader(ctx context.Context) error {
	for {
		children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", c.cmd.Process.Pid))
		for _, child := range strings.Fields(string(children)) {
			pid, err := strconv.Atoi(child)
			if err != nil || !isSystemd(pid) {
				continue
			}
			// Holds a pidfd: no signal of ours ever goes to another process with its number.
			if leader, err := os.FindProcess(pid); err == nil {
				c.leader.Store(leader)
				return nil
			}
		}
		select {
		case <-c.done:
			return fmt.Errorf("cannot boot the container: systemd-nspawn ended: %v; the last lines of %s:\n%s", c.err, c.Console.Path(), c.Console.Tail(20))
		case <-ctx.Done():
			return fmt.Errorf("cannot boot the container: %w; the last lines of %s:\n%s", ctx.Err(), c.Console.Path(), c.Console.Tail(20))
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// isSystemd reads /proc/PID/status (proc_pid_status(5)): the name, and the ids in
// the nested pid namespaces, the innermost last.
func isSystemd(pid int) bool {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return false
	}
	name, inner := "", ""
	for line := range strings.Lines(string(status)) {
		key, value, _ := strings.Cut(line, ":")
		switch f := strings.Fields(value); {
		case key == "State" && len(f) > 0 && f[0] == "Z":
			return false // killed, and not reaped yet by who inherited it
		case key == "Name":
			name = strings.TrimSpace(value)
		case key == "NSpid" && len(f) > 1:
			inner = f[len(f)-1]
		}
	}
	return name == "systemd" && inner == "1"
}
