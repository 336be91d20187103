// Package netns makes network namespaces: networks of their own for containers
// (nspawn.Config.Network), virtual machines (qemu.Config.Network), servers and
// commands, that no packet leaves.
//
// A namespace lives as long as a process in it, which dies with ours. So nothing
// is left, however the test ends, and there is no name in /run/netns to clash with.
package netns

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/leaven-dev/leaven/e2e/machine"
)

// Namespace is a network with a loopback device that is up.
type Namespace struct {
	holder *exec.Cmd
	close  func() error
}

// New makes a namespace. Close it when all that uses it is closed.
func New(ctx context.Context) (*Namespace, error) {
	if err := errors.Join(machine.NeedRoot(), machine.Need("ip", "nsenter")); err != nil {
		return nil, err
	}
	holder := exec.Command("sleep", "infinity")
	holder.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Cloneflags: syscall.CLONE_NEWNET}
	if err := holder.Start(); err != nil {
		return nil, fmt.Errorf("cannot make a network namespace: %w", err)
	}
	n := &Namespace{holder: holder, close: sync.OnceValue(func() error {
		holder.Process.Kill()
		holder.Wait() // always an error: killed
		return nil
	})}
	if _, err := n.Run(ctx, "ip", "link", "set", "lo", "up"); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

// Path is the file of the namespace, for setns(2) and nspawn. It goes away at Close.
func (n *Namespace) Path() string {
	return "/proc/" + strconv.Itoa(n.holder.Process.Pid) + "/ns/net"
}

// Close ends the namespace; its devices go as soon as nothing else runs in it.
func (n *Namespace) Close() error { return n.close() }

// Command makes a command that runs in the namespace and is killed with us.
func (n *Namespace) Command(ctx context.Context, args ...string) *exec.Cmd {
	return Command(ctx, n.Path(), args...)
}

// Command makes a command that runs in the namespace of a file, such as
// [Namespace.Path], and is killed with us.
func Command(ctx context.Context, path string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "nsenter", append([]string{"--net=" + path, "--"}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.WaitDelay = 2 * time.Second
	return cmd
}

// Run runs a command in the namespace and returns its standard output. The error
// of one that fails has its standard error.
func (n *Namespace) Run(ctx context.Context, args ...string) (string, error) {
	cmd := n.Command(ctx, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String(), fmt.Errorf("cannot run %q in a network namespace: %w: %s", args, err, strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), nil
}

// AddAddress gives a device another address ("169.254.169.254/32").
func (n *Namespace) AddAddress(ctx context.Context, device, cidr string) error {
	_, err := n.Run(ctx, "ip", "address", "add", cidr, "dev", device)
	return err
}

// Connect joins two namespaces with a cable: device in n, peerDevice in peer, both up.
func (n *Namespace) Connect(ctx context.Context, device string, peer *Namespace, peerDevice string) error {
	_, err := n.Run(ctx, "ip", "link", "add", device, "type", "veth", "peer", "name", peerDevice, "netns", strconv.Itoa(peer.holder.Process.Pid))
	if err == nil {
		_, err = n.Run(ctx, "ip", "link", "set", device, "up")
	}
	if err == nil {
		_, err = peer.Run(ctx, "ip", "link", "set", peerDevice, "up")
	}
	return err
}

// alive tells whether the namespace is still there, for tests.
func (n *Namespace) alive() bool {
	_, err := os.Stat(n.Path())
	return err == nil
}
