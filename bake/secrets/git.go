package secrets

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/flate"
)

// gitObject tells a loose object of git by its name and first bytes (gitrepository-layout(5); RFC 1950, 2.2): what was
// committed once stays there when the file is long gone.
func gitObject(p *place, head []byte) bool {
	return len(p.base) == 38 && hexOnly([]byte(p.base)) && strings.Contains(p.path, "/objects/") &&
		len(head) > 8 && head[0]&15 == 8 && binary.BigEndian.Uint16(head)%31 == 0
}

// gitPack searches the objects of a pack, in the order in which they lie (gitformat-pack(5)). Of those that are kept as the
// difference from another, what they add is searched.
func (j *job) gitPack(br *bufio.Reader, p *place, where string, depth int) error {
	head, err := br.Peek(12)
	if err != nil {
		return nil
	}
	count := binary.BigEndian.Uint32(head[8:])
	br.Discard(12)
	for n := range count {
		kind, ok := packHeader(br)
		if !ok {
			return nil
		}
		z := j.s.inflates.Get().(io.Reader)
		z.(flate.Resetter).Reset(br, nil)
		plain := &member{job: j, r: z}
		if kind != 2 { // trees are lists of names
			err = j.stream(plain, -1, p, fmt.Sprintf("%s!object %d", where, n+1), depth+1)
		}
		if err == nil {
			_, err = io.Copy(io.Discard, plain)
		}
		j.s.inflates.Put(z)
		if err != nil {
			return err
		}
		if _, err := br.Discard(4); err != nil {
			return nil
		}
	}
	return nil
}

// packHeader steps over what stands in front of an object's data: its type and length, what it is the difference from, and
// zlib's two bytes.
func packHeader(br *bufio.Reader) (kind byte, ok bool) {
	c, err := br.ReadByte()
	kind = c >> 4 & 7
	for err == nil && c&0x80 != 0 {
		c, err = br.ReadByte()
	}
	switch kind {
	case 6:
		for c = 0x80; err == nil && c&0x80 != 0; {
			c, err = br.ReadByte()
		}
	case 7:
		if err == nil {
			_, err = br.Discard(20)
		}
	case 0, 5:
		return kind, false
	}
	if err == nil {
		_, err = br.Discard(2)
	}
	return kind, err == nil
}
