package volume

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"
)

// lookAround asks the kernel what is mounted and swapped to.
func (h *Host) lookAround(s *Spec, l *look) error {
	if !s.swaps() {
		var err error
		if l.point, l.there, err = h.mountPoint(s.At); err != nil {
			return err
		}
	}
	infos, err := mountinfo.GetMounts(nil)
	if err != nil {
		return fmt.Errorf("cannot read the mount table: %w", err)
	}
	for _, info := range infos {
		ours := fmt.Sprintf("%d:%d", info.Major, info.Minor) == l.device.number
		if ours {
			l.on = append(l.on, info.Mountpoint)
		}
		if info.Mountpoint == l.point {
			l.over = "" // the last one is on top
			if !ours {
				l.over = info.Source + " (" + info.FSType + ")"
			}
		}
	}
	on, err := h.kernel.swapsOn()
	l.swapped = on[l.device.path()]
	if err != nil || !l.mounted() {
		return err
	}
	var st unix.Stat_t
	if err := unix.Stat(l.point, &st); err != nil {
		return fmt.Errorf("cannot look at the root of the file system at %s: %w", l.point, err)
	}
	l.uid, l.gid, l.mode = st.Uid, st.Gid, fs.FileMode(st.Mode&0o777)
	return nil
}

// mountPoint is a path of the tree as the mount table shows it, and whether it exists.
func (h *Host) mountPoint(at string) (point string, there bool, err error) {
	top, err := filepath.EvalSymlinks(h.Root.Dir())
	if err == nil {
		top, err = filepath.Abs(top)
	}
	if err != nil {
		return "", false, fmt.Errorf("cannot find where root %s lies: %w", h.Root.Dir(), err)
	}
	real, err := h.Root.Resolve(at)
	if errors.Is(err, fs.ErrNotExist) {
		return filepath.Join(top, at), false, nil
	}
	if err != nil {
		return "", false, err
	}
	fi, err := h.Root.Stat(at)
	if errors.Is(err, fs.ErrNotExist) {
		return filepath.Join(top, real), false, nil
	}
	if err == nil && !fi.IsDir() {
		err = fmt.Errorf("cannot mount anything at %s: it is no folder", at)
	}
	return filepath.Join(top, real), true, err
}
