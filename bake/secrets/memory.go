package secrets

import (
	"encoding/binary"
	"runtime/debug"
)

// maxWindow bounds what the decompressors of one file may hold, in bytes. `zstd -19` and `xz -9` stay within.
const maxWindow = 64 << 20

// usualWindow is what those of several files may hold at a time: `xz -6`, `zstd -19`.
const usualWindow = 8 << 20

// hold takes n bytes from what the job's decompressors may hold, and gives them back when giveBack is called. What needs
// more than the usual waits until no other file does. ok is false, and noted, when there is not as much; window is what
// may be held at most.
func (j *job) hold(n int64) (window int64, giveBack func(), ok bool) {
	if j.window+n > maxWindow {
		j.tooWide()
		return 0, nil, false
	}
	heavy := j.window+n > usualWindow && j.window <= usualWindow
	if heavy {
		j.s.heavy.Lock()
	}
	j.window += n
	return max(n, usualWindow/2), func() {
		j.window -= n
		if heavy { // and at once, for the next one takes as much
			debug.FreeOSMemory()
			j.s.heavy.Unlock()
		}
	}, true
}

func (j *job) tooWide() {
	j.incomplete("it needs more than %d MiB of memory to unpack", maxWindow>>20)
}

// windowOf reads how much of what it has unpacked the decompressor must hold, in bytes; 0 where that is no matter. A later
// block or frame that needs more than was asked for here is not unpacked.
func windowOf(k kind, head []byte) int64 {
	switch {
	case k == bzip2Data:
		return 4 << 20 // 900,000 numbers of four bytes
	case k == lz4Data:
		return lz4Window
	case k == xzData && len(head) > 13 && len(head) >= 12+4*(int(head[12])+1):
		window, err := xzWindow(head[12 : 12+4*(int(head[12])+1)])
		if err != nil {
			return 0 // for an empty stream, and for filters that are not read
		}
		return window
	case k == lzmaData:
		return int64(binary.LittleEndian.Uint32(head[1:]))
	case k == zstdData:
		return zstdWindow(head)
	}
	return 0
}

// zstdWindow reads the header of the first frame (RFC 8878, 3.1.1.1).
func zstdWindow(head []byte) int64 {
	if len(head) < 14 || head[0] != 0x28 { // a skippable frame
		return usualWindow
	}
	flags, rest := head[4], head[5:]
	if flags&0x20 == 0 {
		base := int64(1) << (10 + rest[0]>>3)
		return base + base/8*int64(rest[0]&7)
	}
	rest = rest[[...]int{0, 1, 2, 4}[flags&3]:] // dictionary id
	switch flags >> 6 {                         // a single segment: the window is the content
	case 0:
		return int64(rest[0])
	case 1:
		return int64(binary.LittleEndian.Uint16(rest)) + 256
	case 2:
		return int64(binary.LittleEndian.Uint32(rest))
	}
	return int64(min(1<<62, binary.LittleEndian.Uint64(rest[:min(8, len(rest))])))
}

// lzmaAlone tells the old format of one stream by its settings (lzma-file-format.txt, 1.1): the usual properties, a power of
// two for the dictionary, and a length that is unknown or less than a terabyte.
func lzmaAlone(head []byte) bool {
	if len(head) < 13 || head[0] != 0x5d {
		return false
	}
	dict, size := binary.LittleEndian.Uint32(head[1:]), binary.LittleEndian.Uint64(head[5:])
	return dict >= 1<<16 && dict&(dict-1) == 0 && (size == 1<<64-1 || size < 1<<40)
}
