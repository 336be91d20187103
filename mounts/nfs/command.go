package nfs

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// New makes a mounter for this system.
func New() *Mounter {
	return &Mounter{
		Resolve: func(ctx context.Context, host string) ([]netip.Addr, error) {
			list, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
			for i := range list {
				list[i] = list[i].Unmap()
			}
			return list, err
		},
		Dial: func(ctx context.Context, address string) error {
			conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
			if err != nil {
				return err
			}
			return conn.Close()
		},
		Mount:   command,
		Mounted: mounted,
		turn:    make(chan struct{}, 1),
	}
}

// arguments are mount(8)'s. With an address, the name is not used.
func (s Share) arguments(point string, address netip.Addr) []string {
	source, options := s.Source, s.mountOptions()
	if address.IsValid() {
		if s.Type == "efs" {
			options = append(options, "mounttargetip="+address.String())
		} else {
			source = s.sourceAt(address)
		}
	}
	return []string{"-t", s.Type, "-o", strings.Join(options, ","), "--", source, point}
}

// command runs mount(8) as a process group: the helper that does the work must not go on when we have given up.
func command(ctx context.Context, args ...string) error {
	var said strings.Builder
	cmd := exec.CommandContext(ctx, "mount", args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 2 * time.Second
	err := cmd.Run()
	if ctx.Err() != nil {
		err = errors.Join(context.Cause(ctx), err)
	}
	if err == nil {
		return nil
	}
	var lines []string
	for line := range strings.Lines(said.String()) {
		if line = strings.TrimSpace(line); line != "" && !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return fmt.Errorf("`mount %s`: %w: %s", strings.Join(args, " "), err, strings.Join(lines, "; "))
}

// refusal is a failure that comes from the share, not from the way there.
type refusal struct {
	error
	never bool // trying again cannot help
}

func (r *refusal) Unwrap() error { return r.error }

// classify tells from what mount(8) said whether trying again can help: its exit status is 32 for everything. The words are those of
// nfs-utils (utils/mount/error.c) and of util-linux (mount.8, exit status 1 and "unknown filesystem type").
func classify(err error) error {
	text := err.Error()
	for _, words := range []string{"unknown filesystem type", "bad option; for several filesystems", "incorrect mount option", "Operation not permitted", "must be superuser"} {
		if strings.Contains(text, words) {
			return &refusal{err, true}
		}
	}
	for _, words := range []string{"reason given by server", "access denied by server", "Protocol not supported", "requested NFS version or transport protocol is not supported"} {
		if strings.Contains(text, words) {
			return &refusal{err, false}
		}
	}
	return err
}
