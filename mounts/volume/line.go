package volume

import (
	"slices"
	"strings"

	"github.com/leaven-dev/leaven/internal/fstab"
)

// entry is the volume's line in fstab: by the UUID of the file system, since names of devices change from boot to boot. A volume
// that is not there must not keep the system from booting: nofail.
func (s *Spec) entry(kind, uuid string) fstab.Entry {
	switch {
	case s.file():
		return fstab.Entry{Source: s.At, Point: "none", Type: "swap", Options: "sw,nofail," + fstab.Tag}
	case s.swaps():
		return fstab.Entry{Source: "UUID=" + uuid, Point: "none", Type: "swap", Options: "sw,nofail," + fstab.Tag}
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
	return append(options, fstab.Tag)
}

// Owns tells whether a line of fstab is one that this package writes, whatever volume it is for.
func Owns(e fstab.Entry) bool {
	return e.Ours() && (strings.HasPrefix(e.Source, "UUID=") || e.Type == "swap")
}

// Wants tells whether a line of fstab that this package owns belongs to one of the volumes.
func Wants(specs []Spec, e fstab.Entry) bool {
	for i := range specs {
		s := &specs[i]
		switch {
		case s.file() && e.Source == s.At && e.Type == "swap", s.swaps() && e.Type == "swap" && strings.HasPrefix(e.Source, "UUID="), !s.file() && !s.swaps() && e.At(s.At):
			return true
		}
	}
	return false
}
