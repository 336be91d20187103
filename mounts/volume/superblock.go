package volume

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// superblock is what we read of a file system ourselves.
type superblock struct {
	size       uint64 // bytes that the file system takes
	unfinished bool   // mkfs has not come to its end
}

func isExt(kind string) bool { return kind == "ext2" || kind == "ext3" || kind == "ext4" }

// ours tells whether it is a type that volumes are mounted as.
func ours(kind string) bool { return isExt(kind) || kind == "xfs" }

// readSuperblock reads the first superblock of an ext or xfs. Of a mounted ext it says how large it is now, when it is read through
// the page cache; of a mounted xfs see [geometry].
func readSuperblock(r io.ReaderAt, kind string) (superblock, error) {
	head := make([]byte, 4096)
	if _, err := r.ReadAt(head, 0); err != nil {
		return superblock{}, fmt.Errorf("cannot be read: %w", cause(err))
	}
	switch {
	case kind == "xfs": // struct xfs_dsb, big endian
		blocks, size := binary.BigEndian.Uint64(head[8:]), binary.BigEndian.Uint32(head[4:])
		return superblock{blocks * uint64(size), head[126] != 0}, nil
	case isExt(kind): // struct ext4_super_block, little endian, at byte 1024
		sb := head[1024:]
		blocks := uint64(binary.LittleEndian.Uint32(sb[4:]))
		const incompat64Bit = 0x80
		if binary.LittleEndian.Uint32(sb[0x60:])&incompat64Bit != 0 {
			blocks |= uint64(binary.LittleEndian.Uint32(sb[0x150:])) << 32
		}
		return superblock{size: blocks << (10 + binary.LittleEndian.Uint32(sb[24:])&15)}, nil
	}
	return superblock{}, nil
}

// geometry asks a mounted xfs how many bytes it takes. XFS_IOC_FSGEOMETRY_V1 is _IOR('X', 100, struct xfs_fsop_geom_v1), 112 bytes.
func geometry(point string) (uint64, error) {
	f, err := os.Open(point)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	conn, err := f.SyscallConn()
	if err != nil {
		return 0, err
	}
	var answer struct {
		blockSize uint32
		_         [7]uint32
		blocks    uint64
		_         [72]byte
	}
	var errno unix.Errno
	err = conn.Control(func(fd uintptr) {
		_, _, errno = unix.Syscall(unix.SYS_IOCTL, fd, 2<<30|112<<16|'X'<<8|100, uintptr(unsafe.Pointer(&answer)))
	})
	if err == nil && errno != 0 {
		err = errno
	}
	if err != nil {
		return 0, fmt.Errorf("cannot tell the size of the file system at %s: %w", point, err)
	}
	return answer.blocks * uint64(answer.blockSize), nil
}

// spare is how much of a device a file system may leave: an ext cannot use a last block group that has no room for its own tables,
// so that a few MiB can be left however often it is grown.
const spare = 16 * mib

// swapsOn lists the devices and files that are swapped to, by path, from /proc/swaps (proc(5)).
func (k kernel) swapsOn() (map[string]bool, error) {
	data, err := os.ReadFile(string(k) + "/proc/swaps")
	if err != nil {
		return nil, fmt.Errorf("cannot tell what is swapped to: %w", err)
	}
	on := map[string]bool{}
	for line := range strings.Lines(string(data)) {
		if fields := strings.Fields(line); len(fields) > 1 && strings.HasPrefix(fields[0], "/") {
			on[fields[0]] = true
		}
	}
	return on, nil
}
