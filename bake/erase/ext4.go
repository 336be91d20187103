package erase

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// releaseHeld lets a file's file system give out the blocks that ext4 holds back for its own needs (2 % of all, at most 4096;
// Documentation/ABI/testing/sysfs-fs-ext4, reserved_clusters): what was deleted last may lie there. Restore holds them back
// again. Other file systems have nothing of the kind, or no way to say so; XFS holds back up to 32 MiB.
func releaseHeld(f *os.File) (restore func() error, err error) {
	none := func() error { return nil }
	fi, err := f.Stat()
	if err != nil {
		return none, err
	}
	dev := fi.Sys().(*syscall.Stat_t).Dev
	disk, err := os.Readlink(fmt.Sprintf("/sys/dev/block/%d:%d", unix.Major(dev), unix.Minor(dev)))
	if errors.Is(err, fs.ErrNotExist) {
		return none, nil // the file system has no disk of its own
	}
	if err != nil {
		return none, err
	}
	name := filepath.Join("/sys/fs/ext4", filepath.Base(disk), "reserved_clusters")
	held, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return none, nil
	}
	if err != nil {
		return none, err
	}
	set := func(value string) error {
		if err := os.WriteFile(name, []byte(value), 0); err != nil {
			return fmt.Errorf("cannot tell ext4 what to hold back: %w", err)
		}
		return nil
	}
	return func() error { return set(strings.TrimSpace(string(held))) }, set("0")
}

// emptyJournal makes ext4 write what its journal holds to where it belongs, and zeros over the journal (ext4's
// EXT4_IOC_CHECKPOINT, Linux 5.14). Else the blocks that describe our own large file would never be written and keep what was
// in them before. Older kernels and other file systems cannot do it.
func emptyJournal(f *os.File) error {
	const checkpoint, zeroOut = 0x4004662b, 2
	err := unix.IoctlSetPointerInt(int(f.Fd()), checkpoint, zeroOut)
	if errors.Is(err, unix.ENOTTY) || errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENODEV) || errors.Is(err, unix.EINVAL) {
		return nil
	}
	return err
}
