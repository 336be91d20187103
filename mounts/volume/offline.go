package volume

import (
	"context"
	"fmt"

	"github.com/leaven-dev/leaven/internal/fstab"
)

// offlineEntry is the line that can be written into an image without seeing the volume, or false: the UUID of a file system is
// known only once it is made.
func (s *Spec) offlineEntry() (fstab.Entry, bool) {
	if s.UUID == "" || s.swaps() {
		return fstab.Entry{}, false
	}
	kind := s.FS
	if kind == "" {
		kind = "auto"
	}
	return s.entry(kind, s.UUID), true
}

func (h *Host) planOffline(s *Spec) (Plan, error) {
	e, known := s.offlineEntry()
	if !known {
		return Plan{State: s.Name() + " is left to first boot: only there it can be looked at"}, nil
	}
	has, err := h.hasLine(e)
	if err != nil {
		return Plan{}, err
	}
	var p Plan
	if !has {
		p.Actions = append(p.Actions, "write its line to /etc/fstab")
	}
	there, err := h.Root.Exists(s.At)
	if err == nil && !there {
		p.Actions = append(p.Actions, "make the folder "+s.At)
	}
	if p.Done() {
		p.State = fmt.Sprintf("%s is in fstab, at %s", s.Name(), s.At)
	}
	return p, err
}

func (h *Host) applyOffline(ctx context.Context, s *Spec) error {
	e, known := s.offlineEntry()
	if !known {
		return nil
	}
	if err := h.writeLine(ctx, e); err != nil {
		return err
	}
	return h.makePoint(s.At)
}

// Prune removes the lines of volumes that are not wanted any more from fstab, and returns where they were mounted. What is mounted
// stays mounted until the next boot.
func (h *Host) Prune(ctx context.Context, specs []Spec) (removed []string, err error) {
	_, err = fstab.Update(ctx, h.Root, func(f *fstab.File) error {
		removed = h.unwanted(f, specs)
		return nil
	})
	return removed, err
}

// Unwanted lists what Prune would remove.
func (h *Host) Unwanted(specs []Spec) ([]string, error) {
	f, err := fstab.Read(h.Root)
	if err != nil {
		return nil, err
	}
	return h.unwanted(f, specs), nil
}

func (h *Host) unwanted(f *fstab.File, specs []Spec) []string {
	var removed []string
	for _, e := range f.Prune(func(e fstab.Entry) bool { return !h.owns(e) || wanted(specs, e) }) {
		removed = append(removed, ifElse(e.Point == "none", e.Source, e.Point))
	}
	return removed
}
