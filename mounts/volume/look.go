package volume

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// look is everything about a volume that a decision depends on. It was gathered by reading only.
type look struct {
	device  device
	content content
	blank   bool        // provably
	fault   error       // why it can neither be called blank nor is anything known on it
	busy    bool        // somebody has claimed it
	on      []string    // where it is mounted
	swapped bool        // the kernel swaps to it
	sb      *superblock // of an ext or xfs
	begun   *record     // mkfs was at work on it and has not been seen to end
	traces  bool        // something is left of a record
	whole   error       // why the file system that was begun is not whole; nil where it is

	point    string // At, as the mount table shows it
	there    bool   // the mount point exists
	over     string // what else is mounted at the mount point: its source
	uid, gid uint32 // of the root of the mounted file system
	mode     fs.FileMode
	line     bool  // fstab says so already
	lineErr  error // fstab cannot be made to say so
}

// mounted tells whether the volume is where it should be.
func (l *look) mounted() bool {
	for _, point := range l.on {
		if point == l.point {
			return true
		}
	}
	return false
}

// checked tells that somebody has the device whom we expect: early in a boot systemd has fsck look at what fstab names, and mounts it.
func (l *look) checked() bool {
	_, claimed := errors.AsType[*inUse](l.fault)
	d := l.device
	return claimed && l.line && len(d.holders) == 0 && len(d.partition) == 0 && len(l.on) == 0 && !l.swapped && l.over == ""
}

// look gathers the facts about a device. Without prove it does not read what must be zero on a blank one, and takes what blkid knows
// nothing of for blank: that is for who calls format next, which proves it.
func (h *Host) look(ctx context.Context, s *Spec, d device, prove bool) (*look, error) {
	l := &look{device: d}
	var err error
	if l.begun, err = h.began(d); err != nil {
		return nil, err
	}
	if l.traces, err = h.Root.Exists(recordFolder(d)); err != nil {
		return nil, err
	}
	if err := h.lookAround(s, l); err != nil {
		return nil, err
	}
	if err := h.lookInside(ctx, l, prove); err != nil {
		return nil, err
	}
	return l, h.lookAtLine(s, l)
}

// lookInside finds out what is on the device: nobody can change it meanwhile, unless it is in use already.
func (h *Host) lookInside(ctx context.Context, l *look, prove bool) (err error) {
	if l.device.size == 0 {
		return nil
	}
	var f *os.File
	if len(l.on) > 0 || l.swapped {
		l.busy = true
		if f, err = os.Open(l.device.path()); err != nil {
			return fmt.Errorf("cannot open %s: %w", l.device.path(), cause(err))
		}
		defer f.Close()
		if l.content, err = h.signature(ctx, "/proc/self/fd/3", f); err != nil {
			return err
		}
	} else {
		lock, bad := hold(ctx, l.device)
		if bad != nil {
			l.busy, l.fault = true, bad
			return nil
		}
		defer lock.Close()
		f, err = claim(l.device)
		if busy, ok := errors.AsType[*inUse](err); ok {
			l.busy, l.fault = true, busy
			l.content, _ = h.signature(ctx, l.device.path()) // for people only: what has it says more
			return nil
		}
		if err != nil {
			l.fault = err
			return nil
		}
		defer f.Close()
		if prove {
			l.content, l.blank, l.fault = h.examine(ctx, f, l.device.size)
		} else {
			l.content, l.fault = h.signature(ctx, "/proc/self/fd/3", f)
			l.blank = l.fault == nil && !l.content.known()
		}
	}
	if !ours(l.content.kind) || l.content.table != "" || l.fault != nil {
		return nil
	}
	// Not through the claim's descriptor, which goes past the cache.
	cached, err := os.Open(l.device.path())
	if err != nil {
		return fmt.Errorf("cannot open %s: %w", l.device.path(), cause(err))
	}
	defer cached.Close()
	sb, err := readSuperblock(cached, l.content.kind)
	if err != nil {
		l.fault = err
		return nil
	}
	l.sb = &sb
	if l.content.kind == "xfs" && l.mounted() {
		if sb.size, err = geometry(l.point); err != nil {
			return err
		}
		l.sb.unfinished = false // the kernel mounts none that is
	}
	if l.begun != nil && len(l.on) == 0 && l.content.uuid == l.begun.UUID {
		f.Close() // e2fsck wants the device for itself
		l.whole = h.checkWhole(ctx, l.device, l.content.kind)
	}
	return nil
}

// lookAtLine compares fstab with what it should say.
func (h *Host) lookAtLine(s *Spec, l *look) error {
	if !ours(l.content.kind) && l.content.kind != "swap" {
		return nil
	}
	var err error
	l.line, err = h.hasLine(s.entry(l.content.kind, l.content.uuid))
	if cannot, ok := errors.AsType[*lineError](err); ok {
		l.lineErr, err = cannot, nil
	}
	return err
}
