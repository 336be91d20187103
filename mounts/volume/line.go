package volume

import (
	"cmp"
	"slices"
	"strings"

	"github.com/leaven-dev/leaven/internal/fstab"
)

// entry is the volume's line in fstab, without the mark that it is ours: by the UUID of the file system, since names of devices change from boot to boot. A volume
// that is not there must not keep the system from booting: nofail.
func (s *Spec) entry(kind, uuid string) fstab.Entry {
	switch {
	case s.file():
		return fstab.Entry{Source: s.At, Point: "none", Type: "swap", Options: "sw,nofail"}
	case s.swaps():
		return fstab.Entry{Source: "UUID=" + uuid, Point: "none", Type: "swap", Options: "sw,nofail"}
	}
	e := fstab.Entry{Source: "UUID=" + uuid, Point: s.At, Type: kind, Options: strings.Join(s.options(), ",")}
	if isExt(kind) {
		e.Pass = 2 // after the root; xfs has nothing to check at boot (fsck.xfs(8))
	}
	return e
}

func (s *Spec) options() []string {
	options := []string{"nofail"}
	for _, o := range s.Options {
		if !slices.Contains(options, o) {
			options = append(options, o)
		}
	}
	return options
}

// tag is the option that marks lines of this host's.
func (h *Host) tag() string { return cmp.Or(h.Tag, fstab.Tag) }

// setLine makes fstab hold a line. One of ours that says the same stays, whoever wrote it: first boot leaves what came with the image.
func (h *Host) setLine(f *fstab.File, e fstab.Entry) error {
	for _, old := range f.Entries() {
		if old.Ours() && untagged(old) == untagged(e) {
			return nil
		}
	}
	e.Options += "," + h.tag()
	return f.Set(e)
}

// hasLine tells whether fstab holds a line, or would with setLine's error.
func (h *Host) hasLine(e fstab.Entry) (bool, error) {
	f, err := fstab.Read(h.Root)
	if err != nil {
		return false, err
	}
	before := string(f.Bytes())
	if err := h.setLine(f, e); err != nil {
		return false, &lineError{err}
	}
	return string(f.Bytes()) == before, nil
}

// lineError says why a line cannot be in fstab, as opposed to why fstab cannot be read.
type lineError struct{ error }

func untagged(e fstab.Entry) fstab.Entry {
	options := slices.DeleteFunc(fstab.SplitOptions(e.Options), func(o string) bool { return o == fstab.Tag || strings.HasPrefix(o, fstab.Tag+"=") })
	e.Options = strings.Join(options, ",")
	return e
}

// owns tells whether a line is a volume's and this host's to remove.
func (h *Host) owns(e fstab.Entry) bool {
	return (strings.HasPrefix(e.Source, "UUID=") || e.Type == "swap") && slices.Contains(fstab.SplitOptions(e.Options), h.tag())
}

// wanted tells whether a line belongs to one of the volumes.
func wanted(specs []Spec, e fstab.Entry) bool {
	return slices.ContainsFunc(specs, func(s Spec) bool {
		switch {
		case s.file():
			return e.Type == "swap" && e.Source == s.At
		case s.swaps():
			return e.Type == "swap" && strings.HasPrefix(e.Source, "UUID=")
		}
		return e.At(s.At)
	})
}
