package volume

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// action is one thing to do.
type action struct{ kind, text string }

// The kinds of action.
const (
	doFormat = "format"
	doFinish = "finish" // forget that mkfs was at work
	doLine   = "line"
	doPoint  = "point"
	doMount  = "mount"
	doSwap   = "swap"
	doGrow   = "grow"
	doOwner  = "owner"
	doMode   = "mode"
	doAwait  = "await"
)

// smallest is what mkfs needs to make a file system of use, in bytes. mkfs.xfs(8) refuses less than 300 MiB.
func smallest(kind string) uint64 {
	switch kind {
	case "xfs":
		return 300 * mib
	case "swap":
		return 1 * mib
	}
	return 16 * mib
}

// decide says what is to be done, or why nothing will be. It depends on the facts alone.
func decide(s *Spec, l *look) ([]action, error) {
	refuse := func(cure, format string, args ...any) error {
		return &Refusal{Volume: s.Name(), Device: l.device.String(), Reason: fmt.Sprintf(format, args...), Cure: cure}
	}
	if l.checked() {
		return []action{{doAwait, "wait until it is checked and mounted by its line in /etc/fstab"}}, nil
	}
	if err := usable(s, l, refuse); err != nil {
		return nil, err
	}
	var todo []action
	add := func(kind, format string, args ...any) {
		todo = append(todo, action{kind, fmt.Sprintf(format, args...)})
	}
	if !l.content.known() {
		if err := formattable(s, l, refuse); err != nil {
			return nil, err
		}
		add(doFormat, "make %s on the blank device", s.makes())
	} else {
		if err := fitting(s, l, refuse); err != nil {
			return nil, err
		}
		if l.traces {
			add(doFinish, "note that the making of %s had come to its end", l.content.kind)
		}
	}
	if !l.line {
		if l.lineErr != nil {
			return nil, refuse("remove that line, or mount the volume elsewhere", "could be mounted, and %v", l.lineErr)
		}
		add(doLine, "write its line to /etc/fstab")
	}
	if s.swaps() {
		if !l.swapped {
			add(doSwap, "swap to it")
		}
		return todo, nil
	}
	if !l.mounted() {
		if !l.there {
			add(doPoint, "make the folder %s", s.At)
		}
		add(doMount, "mount it at %s", s.At)
	}
	if l.mounted() && s.Grow && l.sb != nil && l.sb.size+spare <= l.device.size {
		add(doGrow, "grow the file system from %s to %s", bytesText(l.sb.size), bytesText(l.device.size))
	}
	if s.Owner != "" {
		uid, gid, err := owner(s.Owner)
		if err != nil {
			return nil, err
		}
		if !l.mounted() || l.uid != uid || gid != keep && l.gid != gid {
			add(doOwner, "give the root of the file system to %s", s.Owner)
		}
	}
	if s.Mode.Set && (!l.mounted() || l.mode != s.Mode.Bits) {
		add(doMode, "give the root of the file system mode %04o", s.Mode.Bits)
	}
	return todo, nil
}

// usable refuses a device that others have, or that is not the expected one.
func usable(s *Spec, l *look, refuse func(cure, format string, args ...any) error) error {
	d := l.device
	const elsewhere = "name another volume, or take that use away first"
	switch {
	case d.size == 0:
		return refuse("look whether the right disk is attached", "has no size: there is nothing in it")
	case len(d.partition) > 0:
		return refuse("name the partition that is meant, by uuid or device", "is a whole disk with the partitions %s", list(d.partition))
	case len(d.holders) > 0:
		return refuse(elsewhere, "is a part of %s and holds %s", list(d.holders), l.content)
	case len(l.on) > 0 && !l.mounted():
		return refuse(elsewhere, "is mounted at %s already", list(l.on))
	case l.over != "":
		return refuse("unmount that, or mount the volume elsewhere", "should be mounted at %s, where %s is mounted", s.At, l.over)
	case l.swapped && !s.swaps():
		return refuse(elsewhere, "is in use as swap space")
	case l.busy && l.fault != nil:
		return refuse("look what has it open (`lsblk`, `fuser -v "+d.path()+"`), then run `leaven firstboot`", "%v; it holds %s", l.fault, l.content)
	case s.Size > 0 && d.size != uint64(s.Size):
		return refuse("correct size, or attach the right volume", "has %d bytes and should have %d exactly", d.size, s.Size)
	case d.size < uint64(s.MinSize):
		return refuse("attach a larger volume, or correct min_size", "has %d bytes and should have %d at least", d.size, s.MinSize)
	}
	return nil
}

// formattable refuses to make a file system unless the device is blank beyond doubt.
func formattable(s *Spec, l *look, refuse func(cure, format string, args ...any) error) error {
	const byHand = "look at what is on it; if nothing of it is needed, make a file system by hand: "
	data, isData := errors.AsType[*nonzero](l.fault)
	switch {
	case isData && l.begun != nil:
		return halfMade(s, l, refuse)
	case isData:
		return refuse(byHand+"`mkfs."+s.makes()+" "+l.device.path()+"`", "holds nothing that blkid knows, but %v; it may be what is left of something", data)
	case l.fault != nil:
		return refuse("look at the kernel's messages about it (`dmesg`)", "%v; what cannot be read is not blank", l.fault)
	case !l.blank:
		return refuse("", "was not proved to be blank")
	case !s.named():
		return refuse("name the volume by its id or serial number", "is blank, and was to be found by what is on it")
	case s.Format == "never":
		return refuse("say format: blank, or make a file system by hand", "is blank, and format is never")
	case l.device.readOnly:
		return refuse("attach it for writing", "is blank, and cannot be written to")
	case l.device.size < smallest(s.makes()):
		return refuse("attach a larger volume", "has %s; %s needs %s at least", bytesText(l.device.size), s.makes(), bytesText(smallest(s.makes())))
	}
	return nil
}

// fitting refuses what is on the device unless it is what the volume is for.
func fitting(s *Spec, l *look, refuse func(cure, format string, args ...any) error) error {
	c := l.content
	switch {
	case l.fault != nil:
		return refuse("look at the kernel's messages about it (`dmesg`)", "holds %s and %v", c, l.fault)
	case c.table != "" && c.kind == "":
		return refuse("name the partition that is meant, by uuid or device", "holds %s", c)
	case c.table != "" || c.several:
		return refuse("look at them with `wipefs --no-act "+l.device.path()+"`, and remove those that do not count", "holds %s", c)
	case s.swaps() != (c.kind == "swap"):
		return refuse("name another volume, or correct what is wanted of it", "holds %s, and should be %s", c, ifElse(s.swaps(), "swap space", "mounted at "+s.At))
	case c.kind == "swap":
		return nil
	case !ours(c.kind):
		return refuse("name another volume; what is on this one is not touched", "holds %s", c)
	case s.FS != "" && s.FS != c.kind:
		return refuse("correct fs, or attach the right volume", "holds %s, and should hold %s", c, s.FS)
	case l.sb != nil && l.sb.unfinished || l.begun != nil && c.uuid == l.begun.UUID && l.whole != nil:
		return halfMade(s, l, refuse)
	case l.sb != nil && l.sb.size > l.device.size:
		return refuse("attach the whole volume: this one is a part of what the file system was made on", "has %s, and its file system takes %s", bytesText(l.device.size), bytesText(l.sb.size))
	}
	return nil
}

// halfMade is a file system whose making was cut off. That it was ours, on a blank device, does not say what happened to the device
// since: it may have been attached elsewhere. So only people can decide.
func halfMade(s *Spec, l *look, refuse func(cure, format string, args ...any) error) error {
	kind, who := s.makes(), "mkfs began to make a file system on it"
	if l.begun != nil {
		kind, who = l.begun.Type, fmt.Sprintf("Leaven began to make %s on it at %s, when it was blank,", l.begun.Type, l.begun.Began.Format(time.RFC3339))
	}
	text := ""
	if l.whole != nil {
		text = ": " + strings.TrimSpace(l.whole.Error())
	}
	force := map[string]string{"xfs": "-f ", "swap": ""}[kind]
	tool := map[string]string{"swap": "mkswap "}[kind]
	if tool == "" {
		tool = "mkfs." + kind + " "
	}
	return refuse(fmt.Sprintf("if nobody has put data on it since, make the file system by hand (`%s%s%s`), then run `leaven firstboot`", tool, force, l.device.path()),
		"holds half a file system: %s and was cut off%s", who, text)
}
