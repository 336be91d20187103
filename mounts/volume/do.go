package volume

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/leaven-dev/leaven/internal/fstab"
	"github.com/leaven-dev/leaven/internal/run"
	"github.com/leaven-dev/leaven/internal/systemd"
)

// do does one thing.
func (h *Host) do(ctx context.Context, s *Spec, l *look, a action) error {
	switch a.kind {
	case doFormat:
		return h.format(ctx, s, l.device)
	case doFinish:
		return h.finish(l.device)
	case doLine:
		return h.writeLine(ctx, s.entry(l.content.kind, l.content.uuid))
	case doPoint:
		return h.makePoint(s.At)
	case doMount:
		return h.mount(ctx, s, l)
	case doAwait:
		return h.await(ctx, s, l)
	case doSwap:
		_, err := run.Output(ctx, "swapon", l.device.path())
		return h.unlessSo(ctx, err, s, l, func(now *look) bool { return now.swapped })
	case doGrow:
		return grow(ctx, l)
	case doOwner:
		uid, gid, err := owner(s.Owner)
		if err != nil {
			return err
		}
		return os.Chown(l.point, int(uid), int(int32(gid))) // keep is -1: the group stays
	case doMode:
		return os.Chmod(l.point, s.Mode.Bits)
	}
	return fmt.Errorf("cannot do %q", a.kind)
}

// writeLine writes a line to fstab and has systemd know of it, for units that need the mount.
func (h *Host) writeLine(ctx context.Context, e fstab.Entry) error {
	changed, err := fstab.Update(ctx, h.Root, func(f *fstab.File) error { return h.setLine(f, e) })
	if err != nil || !changed || !h.Live || h.Root.Dir() != "/" {
		return err
	}
	running, err := systemd.Running()
	if err != nil || !running {
		return err
	}
	return systemd.Reload(ctx)
}

// makePoint makes the mount point, for root alone: while nothing is mounted there, nobody else finds a folder to write to.
func (h *Host) makePoint(at string) error {
	slash := strings.LastIndexByte(at, '/')
	parent, err := h.Root.MkdirAll(cmpRoot(at[:slash]), 0o755)
	if err != nil {
		return err
	}
	defer parent.Close()
	if err := parent.Mkdir(at[slash+1:], 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return parent.Sync()
}

func cmpRoot(dir string) string { return ifElse(dir == "", "/", dir) }

// mount mounts the very device that was looked at. At later boots systemd mounts it by its line in fstab.
func (h *Host) mount(ctx context.Context, s *Spec, l *look) error {
	h.settle(ctx, l.content.uuid)
	args := []string{"-t", l.content.kind}
	// What is for fstab only means nothing here (mount(8), "x-*").
	options := slices.DeleteFunc(s.options(), func(o string) bool { return o == "nofail" || strings.HasPrefix(o, "x-") })
	if len(options) > 0 {
		args = append(args, "-o", strings.Join(options, ","))
	}
	_, err := run.Output(ctx, "mount", append(args, "--", l.device.path(), l.point)...)
	return h.unlessSo(ctx, err, s, l, (*look).mounted)
}

// unlessSo drops an error where somebody else has done it meanwhile: early in a boot systemd does what fstab says.
func (h *Host) unlessSo(ctx context.Context, err error, s *Spec, l *look, so func(*look) bool) error {
	if err == nil {
		return nil
	}
	if err := h.await(ctx, s, l); err != nil { // it may be half done
		return err
	}
	now := &look{device: l.device}
	if bad := h.lookAround(s, now); bad != nil {
		return errors.Join(err, bad)
	}
	if so(now) {
		return nil
	}
	return err
}

// await returns when the device is mounted, or nobody has it any more. Mounts are told by the kernel (proc(5), mountinfo); that a
// claim ended is not, so that it is tried now and then.
func (h *Host) await(ctx context.Context, s *Spec, l *look) error {
	table, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return fmt.Errorf("cannot watch the mount table: %w", err)
	}
	defer table.Close()
	ctx, cancel := context.WithTimeoutCause(ctx, s.Wait, fmt.Errorf("waited %v", s.Wait))
	defer cancel()
	for ctx.Err() == nil {
		now := &look{device: l.device}
		if err := h.lookAround(s, now); err != nil {
			return err
		}
		if len(now.on) > 0 || now.swapped {
			return nil
		}
		f, err := claim(l.device)
		if _, busy := errors.AsType[*inUse](err); !busy {
			if err == nil {
				err = f.Close()
			}
			return err
		}
		const again = 500 // milliseconds
		fds := []unix.PollFd{{Fd: int32(table.Fd()), Events: unix.POLLPRI}}
		if _, err := unix.Poll(fds, again); err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("cannot watch the mount table: %w", err)
		}
	}
	return &Refusal{
		Volume: s.Name(), Device: l.device.String(), Reason: fmt.Sprintf("is in use by another program, and was not mounted: %v", context.Cause(ctx)),
		Cure: "look what has it open (`fuser -v " + l.device.path() + "`) and how its mount went (`systemctl status`), then run `leaven firstboot`",
	}
}

// settle waits until udev knows a new file system: systemd unmounts what is on a device that it has not heard of (systemd.mount(5),
// BindsTo= on the device's unit). Where udev says nothing, mounting is tried all the same, and verified.
func (h *Host) settle(ctx context.Context, uuid string) {
	if h.Root.Dir() != "/" {
		return
	}
	if _, err := run.Output(ctx, "udevadm", "settle", "--timeout=10", "--exit-if-exists=/dev/disk/by-uuid/"+uuid); err != nil {
		h.log("udev may not know the new file system yet: %v", err)
	}
}

// grow makes the mounted file system as large as its device.
func grow(ctx context.Context, l *look) error {
	if l.content.kind == "xfs" {
		_, err := run.Output(ctx, "xfs_growfs", "-d", l.point)
		return err
	}
	_, err := run.Output(ctx, "resize2fs", l.device.path())
	return err
}
