package bake

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// rewrite changes a file's content in place, so that owner, mode, label and extended attributes stay and a daemon that has
// it open goes on writing to it. A file that has a second name is replaced by a copy instead: the other name may belong to
// something that must keep its content, inside the root or out of it. The new content is made from the open file. A mode of
// 0 leaves the mode as it is.
func rewrite(d *rootfs.Dir, name string, mode fs.FileMode, content func(old io.Reader) ([]byte, error)) error {
	f, err := d.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return explain(err)
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return err
	}
	data, err := content(f)
	if err != nil {
		return err
	}
	if links(fi) > 1 {
		return explain(d.Replace(name, data))
	}
	// Truncating first would lose the content to a full disk; what is written is hardly ever longer than what was there.
	_, err = f.WriteAt(data, 0)
	if err == nil {
		err = f.Truncate(int64(len(data)))
	}
	if err == nil && mode != 0 {
		err = f.Chmod(mode)
	}
	return explain(errors.Join(err, f.Close()))
}

// fixed is content that has nothing to do with what was there.
func fixed(text string) func(io.Reader) ([]byte, error) {
	return func(io.Reader) ([]byte, error) { return []byte(text), nil }
}

// edit is content with the lines changed.
func (l *Lines) edit(old io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(old, maxEdit+1))
	if err != nil {
		return nil, err
	}
	data, _, err = l.apply(data)
	return data, err
}

// overwrite puts zeros over a file's content and waits until they are on the disk. A file with a second name is left as it
// is. On file systems that write elsewhere (btrfs, or any with snapshots) the old blocks stay; then only zeroing the free
// space helps.
func overwrite(d *rootfs.Dir, name string) error {
	f, err := d.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return explain(err)
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil || links(fi) > 1 {
		return err
	}
	if _, err = io.CopyN(f, zeros{}, stored(fi)); err == nil {
		err = f.Sync()
	}
	if err != nil {
		return fmt.Errorf("cannot overwrite %s: %w", Quote(name), err)
	}
	return nil
}

// zeros reads as zeros without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
