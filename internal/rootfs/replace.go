package rootfs

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Replace puts a new file in the place of name, with the same owner, mode and extended attributes (SELinux labels are one).
// Other names of the old file keep the old content.
func (d *Dir) Replace(name string, data []byte) error {
	old, err := d.OpenFile(name, os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	defer old.Close()
	fi, err := old.Stat()
	if err != nil {
		return d.fault("stat", name, err)
	}
	temp := temporary()
	f, err := d.OpenFile(temp, os.O_WRONLY|os.O_CREATE, fi.Mode().Perm()&0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if st, ok := fi.Sys().(*syscall.Stat_t); ok && err == nil {
		err = f.Chown(int(st.Uid), int(st.Gid))
	}
	if err == nil {
		err = f.Chmod(fi.Mode())
	}
	if err == nil {
		err = copyAttributes(f, old)
	}
	if err == nil {
		err = f.Sync() // before the name leads to it: a power cut must not leave an empty file
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = d.Rename(temp, name)
	}
	if err != nil {
		return errors.Join(d.fault("replace", name, err), d.Remove(temp))
	}
	return d.Sync()
}

// copyAttributes copies the extended attributes (xattr(7)).
func copyAttributes(to, from *os.File) error {
	size, err := unix.Flistxattr(int(from.Fd()), nil)
	if errors.Is(err, unix.ENOTSUP) || size == 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot list extended attributes: %w", err)
	}
	list := make([]byte, size)
	if size, err = unix.Flistxattr(int(from.Fd()), list); err != nil {
		return fmt.Errorf("cannot list extended attributes: %w", err)
	}
	for name := range strings.SplitSeq(strings.TrimRight(string(list[:size]), "\x00"), "\x00") {
		value := make([]byte, 64<<10) // XATTR_SIZE_MAX
		n, err := unix.Fgetxattr(int(from.Fd()), name, value)
		if err == nil {
			err = unix.Fsetxattr(int(to.Fd()), name, value[:n], 0)
		}
		if err != nil {
			return fmt.Errorf("cannot copy the extended attribute %s: %w", name, err)
		}
	}
	return nil
}

// temporary is a name that nothing else has.
func temporary() string { return ".leaven-" + rand.Text()[:12] }
