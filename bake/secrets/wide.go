package secrets

import "encoding/binary"

// A wideRun is a run of UTF-16 text that is being searched: its bytes are taken two by two, the zero dropped. Such runs
// stand in files with a byte order mark, without one, and in the middle of binary files.
type wideRun struct {
	sub  *feed // nil: no run is open
	next int64 // offset of the next character, once a run is open
}

// minWide is the least length of a run, in characters.
const minWide = 12

// findWide looks for UTF-16 in f.buf[from:limit]. A run of minWide characters covers an aligned word of eight bytes in
// which every second byte is zero and the others are text: one test per word finds it.
func (f *feed) findWide(from, limit int, end bool) {
	if f.depth >= maxDepth {
		return
	}
	at := from
	if f.wide.sub != nil {
		at = f.extendWide(limit, end)
	}
	for at = max(0, at); at+8 <= limit; at += 8 {
		w := binary.LittleEndian.Uint64(f.buf[at:])
		const low = 0x00ff00ff00ff00ff
		if w&low != 0 && w&^low != 0 || w == 0 {
			continue
		}
		char := at
		if w&low == 0 {
			char++
		}
		for char >= max(2, int(f.wide.next-f.base)+2) && wideChar(f.buf, char-2) {
			char -= 2
		}
		n := 0
		for n < minWide && wideChar(f.buf, char+2*n) {
			n++
		}
		if n < minWide {
			continue
		}
		f.wide.sub = f.sub(char, "!utf-16")
		f.wide.next = f.base + int64(char)
		at = max(at, f.extendWide(limit, end)-8)
	}
}

// wideChar: a character of Latin-1 with its zero on either side. The zero in front belongs to big endian text.
func wideChar(buf []byte, at int) bool {
	if at < 0 || at+1 >= len(buf) {
		return at == len(buf)-1 && at > 0 && buf[at-1] == 0 && textByte(buf[at])
	}
	return textByte(buf[at]) && (buf[at+1] == 0 || at > 0 && buf[at-1] == 0 && buf[at+1] == 0)
}

func textByte(c byte) bool { return c >= ' ' && c != 127 || c == '\n' || c == '\r' || c == '\t' }

// extendWide feeds the open run as far as limit, and closes it where it ends. It returns where to go on.
func (f *feed) extendWide(limit int, end bool) int {
	at := int(f.wide.next - f.base)
	var chars [512]byte
	n := 0
	for at < limit && wideChar(f.buf, at) {
		chars[n] = f.buf[at]
		if n++; n == len(chars) {
			f.wide.sub.write(chars[:n])
			n = 0
		}
		at += 2
	}
	f.wide.sub.write(chars[:n])
	f.wide.next = f.base + int64(at)
	if at >= limit && !end {
		return limit
	}
	f.wide.sub.advance(true)
	f.wide.sub = nil
	return at
}
