package mounts

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// folder is where a mount is to be. Nobody but root enters what lies below: a service that wrote there while the mount is missing
// would lose what it wrote from sight as soon as the mount is there.
type folder struct {
	root *rootfs.Root
	Mount
}

const underneath = fs.FileMode(0o700)

// immutableFlag is FS_IMMUTABLE_FL of linux/fs.h.
const immutableFlag = 0x10

// plan says what must be changed. Below something that is mounted nobody can look.
func (f folder) plan(mounted []rootfs.Mount) ([]string, error) {
	if f.covered(mounted) {
		return nil, nil
	}
	fi, err := f.stat()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return []string{fmt.Sprintf("make the folder %s with mode %04o", f.At, underneath)}, nil
	case err != nil:
		return nil, err
	}
	var changes []string
	if fi.Mode().Perm() != underneath {
		changes = append(changes, fmt.Sprintf("change the mode of the folder %s from %04o to %04o", f.At, fi.Mode().Perm(), underneath))
	}
	if f.Immutable {
		is, err := f.immutable(false)
		if err != nil {
			return nil, err
		}
		if !is {
			changes = append(changes, fmt.Sprintf("make the folder %s immutable", f.At))
		}
	}
	return changes, nil
}

// make makes the folder and closes it.
func (f folder) make(mounted []rootfs.Mount) error {
	if f.covered(mounted) {
		return nil
	}
	fi, err := f.stat()
	if errors.Is(err, fs.ErrNotExist) {
		up, err := f.root.MkdirAll(path.Dir(f.At), 0o755)
		if err != nil {
			return err
		}
		defer up.Close()
		if err := up.Mkdir(path.Base(f.At), underneath); err != nil {
			return err
		}
		if err := up.Sync(); err != nil {
			return err
		}
	} else if err != nil {
		return err
	} else if fi.Mode().Perm() != underneath {
		if err := f.open(func(dir *os.File) error { return dir.Chmod(underneath) }); err != nil {
			return err
		}
	}
	if f.Immutable {
		_, err = f.immutable(true)
		return err
	}
	return nil
}

func (f folder) covered(mounted []rootfs.Mount) bool {
	return slices.ContainsFunc(mounted, func(m rootfs.Mount) bool { return m.Point == f.At })
}

// stat describes the folder. One that is reached over a link is refused: systemd does not mount there ("Mount path is not
// canonical"), and mountinfo would have another name.
func (f folder) stat() (fs.FileInfo, error) {
	real, err := f.root.Resolve(f.At)
	if f.At != real && !(errors.Is(err, fs.ErrNotExist) && strings.HasPrefix(f.At, real+"/")) && (err == nil || errors.Is(err, fs.ErrNotExist)) {
		return nil, fmt.Errorf("cannot mount at %s: it leads over a link to %s; write that", f.At, real)
	}
	if errors.Is(err, syscall.ENOTDIR) {
		return nil, fmt.Errorf("cannot mount at %s: a folder before it is none", f.At)
	}
	if err != nil {
		return nil, err
	}
	fi, err := f.root.Lstat(f.At)
	if err == nil && !fi.IsDir() {
		err = fmt.Errorf("cannot mount at %s: it is no folder", f.At)
	}
	return fi, err
}

func (f folder) open(do func(*os.File) error) error {
	dir, err := f.root.Open(f.At)
	if err != nil {
		return err
	}
	defer dir.Close()
	return do(dir)
}

// immutable tells whether the folder has the flag i of chattr(1), and sets it where that is asked for.
func (f folder) immutable(set bool) (is bool, err error) {
	err = f.open(func(dir *os.File) error {
		flags, err := unix.IoctlGetInt(int(dir.Fd()), unix.FS_IOC_GETFLAGS)
		is = flags&immutableFlag != 0
		if err == nil && set && !is {
			err = unix.IoctlSetPointerInt(int(dir.Fd()), unix.FS_IOC_SETFLAGS, flags|immutableFlag)
		}
		if err != nil {
			err = fmt.Errorf("cannot make the folder %s immutable: its file system does not know that: %w", f.At, err)
		}
		return err
	})
	return is, err
}
