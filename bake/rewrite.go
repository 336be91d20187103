package bake

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// rewrite gives a file new content in place, so that owner, mode, label and extended attributes stay and a daemon that has
// it open goes on writing to it. A file that has a second name is replaced by a copy instead: the other name may belong to
// something that must keep its content, inside the root or out of it. A mode of 0 leaves the mode as it is.
func rewrite(d *rootfs.Dir, name string, data []byte, mode fs.FileMode) error {
	fi, err := d.Lstat(name)
	if err != nil {
		return err
	}
	if links(fi) > 1 {
		return d.Replace(name, data)
	}
	f, err := d.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return explain(err)
	}
	// Truncating first would lose the content to a full disk; what is written is never longer than what was there.
	_, err = f.WriteAt(data, 0)
	if err == nil {
		err = f.Truncate(int64(len(data)))
	}
	if err == nil && mode != 0 {
		err = f.Chmod(mode)
	}
	return explain(errors.Join(err, f.Close()))
}

// overwrite puts zeros over a file's content and waits until they are on the disk. On file systems that write elsewhere
// (btrfs, or any with snapshots) the old blocks stay; then only zeroing the free space helps.
func overwrite(d *rootfs.Dir, name string) error {
	f, err := d.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return explain(err)
	}
	fi, err := f.Stat()
	if err == nil {
		_, err = io.CopyN(f, zeros{}, stored(fi))
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// zeros reads as zeros without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
