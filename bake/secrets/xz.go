package secrets

import (
	"bufio"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"runtime"

	"github.com/ulikunitz/xz/lzma"
)

// errTooWide: what was unpacked would need more memory than the job has. errForeign: the data is whole, but made in a way
// that is not read here.
var (
	errTooWide = errors.New("the window is too wide")
	errForeign = errors.New("it uses a method that is not supported")
)

// An xzReader unpacks one stream of .xz (xz-file-format 1.2.1). The framing is read here, and not by the library, because
// each block may ask for a dictionary of another size, up to 4 GiB: none is made before its size was looked at.
type xzReader struct {
	br    *bufio.Reader
	most  int64 // for the dictionary, in bytes
	check int   // length of the checksum behind each block, in bytes
	size  int64 // packed bytes of the block so far
	block io.Reader
	dirty bool // a large dictionary was dropped
}

func newXZReader(br *bufio.Reader, most int64) (*xzReader, error) {
	var head [12]byte
	if _, err := io.ReadFull(br, head[:]); err != nil {
		return nil, err
	}
	check := int(head[7] & 15) // 2.1.1.2, 3.4: none, then three of each length
	length := 0
	if check > 0 {
		length = 4 << ((check - 1) / 3)
	}
	return &xzReader{br: br, most: most, check: length}, nil
}

func (x *xzReader) Read(p []byte) (int, error) {
	for {
		if x.block == nil {
			if err := x.next(); err != nil {
				return 0, err
			}
		}
		n, err := x.block.Read(p)
		if err == io.EOF {
			x.block = nil
			pad := int(-x.size) & 3
			if _, err := x.br.Discard(pad + x.check); err != nil {
				return n, err
			}
			if n == 0 {
				continue
			}
			err = nil
		}
		return n, err
	}
}

// packed reads the block's bytes, and counts them: blocks are padded to four.
type packed struct{ *xzReader }

func (p packed) Read(b []byte) (int, error) {
	n, err := p.br.Read(b)
	p.size += int64(n)
	return n, err
}

// next opens the block that follows; io.EOF says that the stream is at its end, behind its index.
func (x *xzReader) next() error {
	size, err := x.br.Peek(1)
	if err != nil {
		return err
	}
	if size[0] == 0 {
		return x.index()
	}
	head, err := x.br.Peek(4 * (int(size[0]) + 1))
	if err != nil {
		return err
	}
	window, err := xzWindow(head)
	if err != nil {
		return err
	}
	if window > x.most {
		return errTooWide
	}
	x.br.Discard(len(head))
	x.size = 0
	if x.dirty { // else the dictionaries of several blocks are held until the next collection
		runtime.GC()
	}
	x.dirty = window > usualWindow
	x.block, err = lzma.Reader2Config{DictCap: int(max(window, lzma.MinDictCap))}.NewReader2(packed{x})
	return err
}

// index steps over what lists the blocks (4), and the footer (2.1.2).
func (x *xzReader) index() error {
	read := 0
	number := func() (v uint64) {
		for shift := 0; shift < 63; shift += 7 {
			c, err := x.br.ReadByte()
			if err != nil {
				return 0
			}
			read++
			v |= uint64(c&0x7f) << shift
			if c < 0x80 {
				break
			}
		}
		return v
	}
	x.br.Discard(1)
	read++
	for records := min(number(), 1<<32); records > 0; records-- {
		at := read
		number()
		number()
		if read == at {
			return io.ErrUnexpectedEOF
		}
	}
	x.br.Discard(-read&3 + 4)
	if _, err := x.br.Discard(12); err != nil {
		return err
	}
	return io.EOF
}

// xzWindow reads a block's header (3.1): how much of what it has unpacked the decompressor must hold, in bytes. That is no
// more than the block's length, where that is known.
func xzWindow(head []byte) (int64, error) {
	n := len(head) - 4
	if n < 8 || crc32.ChecksumIEEE(head[:n]) != binary.LittleEndian.Uint32(head[n:]) {
		return 0, io.ErrUnexpectedEOF
	}
	flags, rest, whole := head[1], head[2:n], uint64(1<<62)
	if flags&0x40 != 0 {
		_, k := binary.Uvarint(rest)
		rest = rest[max(k, 0):]
	}
	if flags&0x80 != 0 {
		v, k := binary.Uvarint(rest)
		whole, rest = v, rest[max(k, 0):]
	}
	if flags&3 != 0 || len(rest) < 3 || rest[0] != 0x21 || rest[1] != 1 || rest[2] > 40 { // one filter: LZMA2 (5.3.1)
		return 0, errForeign
	}
	window := int64(1)<<32 - 1
	if bits := rest[2]; bits < 40 {
		window = int64(2|bits&1) << (bits/2 + 11)
	}
	return int64(min(uint64(window), whole)), nil
}
