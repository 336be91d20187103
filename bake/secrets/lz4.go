package secrets

import (
	"bufio"
	"encoding/binary"
	"io"
)

// lz4Window is what an lz4Reader holds at most, in bytes: a block of the largest size, and what the next may refer to.
const lz4Window = 8<<20 + lz4Reach

const lz4Reach = 64 << 10

// An lz4Reader unpacks one frame of LZ4, of the form that lz4(1) writes or of the one before, which is that of Linux's
// kernels and initial RAM disks (lz4_Frame_format.md, lz4_Block_format.md).
type lz4Reader struct {
	br     *bufio.Reader
	begun  bool
	legacy bool
	flags  byte
	most   int    // of a block, in bytes
	out    []byte // what was unpacked, with the last lz4Reach bytes before
	at     int    // of out, not yet given
	packed []byte
	err    error
}

func (z *lz4Reader) Read(p []byte) (int, error) {
	for z.at == len(z.out) {
		if z.err == nil && !z.begun {
			z.begun, z.err = true, z.begin()
		}
		if z.err == nil {
			z.err = z.next()
		}
		if z.err != nil {
			return 0, z.err
		}
	}
	n := copy(p, z.out[z.at:])
	z.at += n
	return n, nil
}

// begin reads the frame's header.
func (z *lz4Reader) begin() error {
	head, err := z.br.Peek(4)
	if err != nil {
		return err
	}
	if z.legacy = head[0] == 2; z.legacy {
		z.br.Discard(4)
		z.most = 8 << 20
		return nil
	}
	if head, err = z.br.Peek(6); err != nil {
		return err
	}
	z.flags = head[4]
	if z.flags>>6 != 1 || z.flags&1 != 0 || head[5]&0x70 < 0x40 { // another version, or a dictionary that is elsewhere
		return errForeign
	}
	z.most = 1 << (8 + 2*(head[5]>>4&7))
	length := 7
	if z.flags&8 != 0 {
		length += 8
	}
	_, err = z.br.Discard(length)
	return err
}

// next unpacks a block. The end of an old frame is not marked: it is where the file ends, or where no block can be.
func (z *lz4Reader) next() error {
	head, err := z.br.Peek(4)
	if err != nil {
		return err
	}
	size := int(binary.LittleEndian.Uint32(head))
	plain := size>>31 != 0 && !z.legacy
	size &= 1<<31 - 1
	if size == 0 || size > z.most+z.most/255+16 {
		if !z.legacy {
			z.br.Discard(4 + int(z.flags&4))
		}
		return io.EOF
	}
	z.br.Discard(4)
	if cap(z.packed) < size {
		z.packed = make([]byte, size)
	}
	if _, err := io.ReadFull(z.br, z.packed[:size]); err != nil {
		return err
	}
	if z.flags&16 != 0 { // the block's checksum
		z.br.Discard(4)
	}
	if keep := len(z.out) - lz4Reach; keep > 0 {
		z.out = z.out[:copy(z.out, z.out[keep:])]
	}
	if z.legacy || z.flags&32 != 0 { // blocks that stand alone
		z.out = z.out[:0]
	}
	z.at = len(z.out)
	if plain {
		z.out = append(z.out, z.packed[:size]...)
		return nil
	}
	z.out, err = lz4Block(z.out, z.packed[:size], z.at+z.most)
	return err
}

// lz4Block unpacks a block behind what is in out, up to most bytes in all: runs of literals, each with a copy of what came
// before.
func lz4Block(out, packed []byte, most int) ([]byte, error) {
	length := func(n int) int {
		for more := n == 15; more && len(packed) > 0; packed = packed[1:] {
			n += int(packed[0])
			more = packed[0] == 255
		}
		return n
	}
	for len(packed) > 0 {
		token := packed[0]
		packed = packed[1:]
		n := length(int(token >> 4))
		if n > len(packed) || len(out)+n > most {
			return out, io.ErrUnexpectedEOF
		}
		out, packed = append(out, packed[:n]...), packed[n:]
		if len(packed) < 2 {
			break // the last run has no copy
		}
		back := int(binary.LittleEndian.Uint16(packed))
		packed = packed[2:]
		n = length(int(token&15)) + 4
		from := len(out) - back
		if back == 0 || from < 0 || len(out)+n > most {
			return out, io.ErrUnexpectedEOF
		}
		for ; n > 0; n-- {
			out = append(out, out[from])
			from++
		}
	}
	return out, nil
}
