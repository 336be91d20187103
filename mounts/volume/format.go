package volume

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/leaven-dev/leaven/internal/run"
)

// format makes a file system on a blank device. It does not rely on an earlier look: everything is decided again under a claim. The
// claim must end before mkfs, which makes one of its own; the lock reaches over the moment between the two.
func (h *Host) format(ctx context.Context, s *Spec, d device) (err error) {
	lock, err := hold(ctx, d)
	if err != nil {
		return fmt.Errorf("%s %w", d.path(), err)
	}
	defer lock.Close()
	if err := h.proveBlank(ctx, s, d); err != nil {
		return err
	}
	kind, uuid := s.makes(), newUUID()
	if err := h.begin(d, kind, uuid); err != nil {
		return err
	}
	if _, err := h.again(d); err != nil {
		return errors.Join(err, h.finish(d))
	}
	args := mkfs(kind, uuid, s.Label, d.path())
	if _, err := run.Output(ctx, args[0], args[1:]...); err != nil {
		// Where nothing was written, nothing was begun.
		return errors.Join(err, h.withdraw(context.WithoutCancel(ctx), d))
	}
	c, _, err := h.reexamine(ctx, d)
	switch {
	case err != nil:
		return fmt.Errorf("%s %w", d.path(), err)
	case c.kind != kind || c.uuid != uuid || c.table != "":
		return fmt.Errorf("%s holds %s after %s", d.path(), c, args[0])
	}
	return h.finish(d)
}

// proveBlank claims the device and decides once more.
func (h *Host) proveBlank(ctx context.Context, s *Spec, d device) error {
	now, err := h.again(d)
	if err != nil {
		return err
	}
	l := &look{device: now}
	if l.begun, err = h.began(d); err != nil {
		return err
	}
	l.content, l.blank, l.fault = h.reexamine(ctx, d)
	refuse := func(cure, format string, args ...any) error {
		return &Refusal{Volume: s.Name(), Device: d.String(), Reason: fmt.Sprintf(format, args...), Cure: cure}
	}
	if err := usable(s, l, refuse); err != nil {
		return err
	}
	if l.content.known() {
		return refuse("look at what is on it", "holds %s now", l.content)
	}
	return formattable(s, l, refuse)
}

// reexamine tells under a claim of its own what a device holds.
func (h *Host) reexamine(ctx context.Context, d device) (content, bool, error) {
	f, err := claim(d)
	if err != nil {
		return content{}, false, err
	}
	defer f.Close()
	return h.examine(ctx, f, d.size)
}

// withdraw takes the record back if the device is as blank as it was.
func (h *Host) withdraw(ctx context.Context, d device) error {
	if _, isBlank, err := h.reexamine(ctx, d); err == nil && isBlank {
		return h.finish(d)
	}
	return nil
}

// mkfs is the command that makes a file system, without any flag that forces it. Nothing is discarded: the device is blank, and
// discarding takes minutes on large disks.
func mkfs(kind, uuid, label, path string) []string {
	var args []string
	switch kind {
	case "xfs":
		args = []string{"mkfs.xfs", "-q", "-K", "-m", "uuid=" + uuid}
	case "swap":
		args = []string{"mkswap", "-U", uuid}
	default:
		args = []string{"mkfs.ext4", "-q", "-E", "nodiscard", "-U", uuid}
	}
	if label != "" {
		args = append(args, "-L", label)
	}
	return append(args, path)
}

// checkWhole has a file system checked that mkfs may not have come to the end of. It changes nothing.
func (h *Host) checkWhole(ctx context.Context, d device, kind string) error {
	var err error
	switch {
	case isExt(kind):
		_, err = run.Output(ctx, "e2fsck", "-n", "-f", d.path())
	case kind == "xfs":
		_, err = run.Output(ctx, "xfs_repair", "-n", d.path())
	}
	return err
}

// newUUID is a random one (RFC 9562, version 4).
func newUUID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
