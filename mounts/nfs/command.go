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
	"sync"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/unit"

	"github.com/leaven-dev/leaven/internal/run"
	"github.com/leaven-dev/leaven/internal/systemd"
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
		Probe:   probe,
		Mount:   command,
		Mounted: mounted,
		Load:    sync.OnceFunc(load),
		turn:    make(chan struct{}, 1),
	}
}

// load loads what the kernel would load at the first mount; on a volume that was made from a snapshot that takes its time. Where it
// cannot, mount(8) says why.
func load() {
	if _, err := os.Stat("/sys/module/nfsv4"); err == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	run.Output(ctx, "modprobe", "--quiet", "--all", "nfsv4", "rpcsec_gss_krb5") // the latter is looked for also where there is no Kerberos
}

// arguments are mount(8)'s, the type among them in second place. With an address, the name is not used.
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
	args = append([]string{"mount"}, args...)
	if args[2] == "efs" {
		args = append(scope(args[len(args)-1]), args...)
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
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
	return fmt.Errorf("`%s`: %w: %s", strings.Join(args, " "), err, strings.Join(lines, "; "))
}

// scope is what goes before a command that leaves the tunnel of a mount behind. The tunnel must live on when we end, and longer than
// the mount when the system ends, or unmounting hangs. In our own unit it would be killed with us (systemd.kill(5)).
func scope(point string) []string {
	if booted, err := systemd.Running(); err != nil || !booted {
		return nil
	}
	mount := strings.ReplaceAll(unit.UnitNamePathEscape(point), `\`, `\\`) + ".mount" // systemd-run takes one backslash away
	return []string{"systemd-run", "--scope", "--quiet", "--collect", "--description=Mount with mount.efs", "--property=Before=" + mount, "--"}
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
	if strings.Contains(text, "nfs4: No such device") { // ENODEV of mount(2)
		return &refusal{fmt.Errorf("%w; this kernel cannot mount NFS: install its modules, and kmod", err), true}
	}
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
