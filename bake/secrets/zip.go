package secrets

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"io"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"
)

// zip searches the members of a zip archive from front to back, by their local headers (APPNOTE 6.3.10, 4.3.7): so it
// needs no file to seek in, and sees members that were dropped from the directory at the end. Encrypted members, and those
// that are compressed in a way that is not read, are noted, except in a distribution's tree: there they are test data.
func (j *job) zip(br *bufio.Reader, p *place, where string, depth int) error {
	if head, _ := br.Peek(headSize); bytes.HasPrefix(head, []byte("#!")) {
		br.Discard(bytes.Index(head, []byte("PK\x03\x04")))
	} else if bytes.HasPrefix(head, []byte("PK\x07\x08")) {
		br.Discard(4)
	}
	for {
		h, ok := readLocalHeader(br)
		if !ok {
			// The directory, and comments.
			return j.raw(br, -1, p, where, depth)
		}
		packed := io.LimitReader(br, h.size)
		if h.unsized {
			if h.method != 8 || h.encrypted {
				if h.encrypted && !p.vendor {
					j.incomplete("%s: it is encrypted", quote(h.name))
				}
				return j.raw(br, -1, p, where, depth) // its end cannot be told from its content
			}
			packed = br
		}
		plain, done, why := j.openMember(h, packed)
		if plain == nil && !p.vendor {
			j.incomplete("%s: %s", quote(h.name), why)
		}
		if plain != nil {
			err := j.stream(&member{job: j, r: plain}, -1, j.inside(p, zipData, h.name), where+"!"+quote(h.name), depth+1)
			if err == nil && h.unsized {
				io.Copy(io.Discard, &member{job: j, r: plain})
				skipDescriptor(br)
			}
			done()
			if err != nil {
				return err
			}
		}
		if !h.unsized {
			if _, err := io.Copy(io.Discard, packed); err != nil {
				return nil
			}
		}
		if err := j.late(); err != nil {
			return err
		}
	}
}

type localHeader struct {
	name      string
	method    uint16
	size      int64 // packed
	unsized   bool  // the sizes come behind the data
	encrypted bool
}

func readLocalHeader(br *bufio.Reader) (h localHeader, ok bool) {
	b, err := br.Peek(30)
	if err != nil || !bytes.HasPrefix(b, []byte("PK\x03\x04")) {
		return h, false
	}
	flags := binary.LittleEndian.Uint16(b[6:])
	h.method = binary.LittleEndian.Uint16(b[8:])
	h.size = int64(binary.LittleEndian.Uint32(b[18:]))
	name, extra := int(binary.LittleEndian.Uint16(b[26:])), int(binary.LittleEndian.Uint16(b[28:]))
	h.encrypted, h.unsized = flags&1 != 0, flags&8 != 0 && h.size == 0
	if _, err := br.Peek(30 + name); err != nil || name == 0 || name > 4096 || h.method > 99 {
		return h, false
	}
	br.Discard(30)
	tail := make([]byte, name+extra)
	if _, err := io.ReadFull(br, tail); err != nil {
		return h, false
	}
	h.name = string(tail[:name])
	// 4.5.3: the zip64 field holds the true sizes, the unpacked one first
	for e := tail[name:]; len(e) >= 4; {
		n := int(binary.LittleEndian.Uint16(e[2:]))
		if binary.LittleEndian.Uint16(e) == 1 && n >= 16 && len(e) >= 20 && h.size == 0xffffffff {
			h.size = int64(binary.LittleEndian.Uint64(e[12:]) & (1<<62 - 1))
		}
		e = e[min(len(e), 4+n):]
	}
	return h, true
}

// openMember gives the member's content; for what cannot be read, it says why. done gives memory back.
func (j *job) openMember(h localHeader, packed io.Reader) (plain io.Reader, done func(), why string) {
	if h.encrypted {
		return nil, nil, "it is encrypted"
	}
	switch h.method { // 4.4.5
	case 0:
		return packed, func() {}, ""
	case 8:
		z := j.s.inflates.Get().(io.Reader)
		z.(flate.Resetter).Reset(packed, nil)
		return z, func() { j.s.inflates.Put(z) }, ""
	case 12, 93:
		_, giveBack, ok := j.hold(usualWindow / 2)
		if !ok {
			return nil, nil, "it is nested too deep"
		}
		if h.method == 12 {
			return bzip2.NewReader(packed), giveBack, ""
		}
		z, err := zstd.NewReader(packed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(usualWindow/2))
		if err != nil {
			giveBack()
			return nil, nil, "its decompressor cannot be made"
		}
		return z, func() { z.Close(); giveBack() }, ""
	}
	return nil, nil, errForeign.Error()
}

// skipDescriptor steps over the sizes behind a member (4.3.9): with or without a signature, of 4 or 8 bytes each.
func skipDescriptor(br *bufio.Reader) {
	b, _ := br.Peek(28)
	for _, n := range [...]int{16, 24, 12, 20} {
		if len(b) >= n+2 && b[n] == 'P' && b[n+1] == 'K' {
			br.Discard(n)
			return
		}
	}
}
