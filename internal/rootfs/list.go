package rootfs

import (
	"bytes"
	"encoding/binary"
	"io/fs"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// entry is one name in a directory.
type entry struct {
	dir  *Dir
	name string
	kind fs.FileMode
}

func (e *entry) Name() string               { return e.name }
func (e *entry) IsDir() bool                { return e.kind.IsDir() }
func (e *entry) Type() fs.FileMode          { return e.kind }
func (e *entry) Info() (fs.FileInfo, error) { return e.dir.Lstat(e.name) }

// ReadDir lists the directory, sorted by name. It can be called again; each time it begins anew. With an error it returns
// what could be read.
func (d *Dir) ReadDir() ([]fs.DirEntry, error) {
	if d.read {
		if _, err := unix.Seek(d.fd, 0, 0); err != nil {
			return nil, d.fault("read", "", err)
		}
	}
	d.read = true
	var entries []fs.DirEntry
	buf := make([]byte, 16<<10)
	for {
		n, err := 0, error(nil)
		err = again(func() error { n, err = unix.Getdents(d.fd, buf); return err })
		if err != nil || n == 0 {
			slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
			return entries, d.fault("read", "", err)
		}
		entries = d.parse(buf[:n], entries)
	}
}

// parse reads what getdents64(2) wrote: for each entry inode and offset (8 bytes each), length of the record (2), type (1),
// and the name, which ends with a zero byte.
func (d *Dir) parse(buf []byte, entries []fs.DirEntry) []fs.DirEntry {
	const header = 19
	for len(buf) >= header {
		size := int(binary.NativeEndian.Uint16(buf[16:]))
		if size < header || size > len(buf) {
			break // the kernel does not do that
		}
		name, _, _ := bytes.Cut(buf[header:size], []byte{0})
		if text := string(name); text != "." && text != ".." {
			e := &entry{dir: d, name: text, kind: kindOf(uint32(buf[18]) << 12)}
			if buf[18] == unix.DT_UNKNOWN { // some file systems do not say
				if fi, err := d.Lstat(text); err == nil {
					e.kind = fi.Mode().Type()
				}
			}
			entries = append(entries, e)
		}
		buf = buf[size:]
	}
	return entries
}
