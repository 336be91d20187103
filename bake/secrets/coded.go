package secrets

import "bytes"

// A codedRun is a run of base64 or hexadecimal digits that is being decoded, over any number of lines.
type codedRun struct {
	open bool
	next int64 // offset of the first byte that was not taken
	line int   // where the run started, for hits
	at   int64
	from int64 // the same, in this feed
	hex  bool

	quad [4]byte // digits that wait for their companions
	have int
	out  []byte // decoded, not yet searched
	sub  *feed  // searches what is too long to be held
}

const (
	minCoded  = 24      // digits: fewer hold no secret and its name
	heldCoded = 4 << 20 // decoded bytes that are held, so that an archive among them can be opened; inside one another, ever fewer
)

// findCoded looks for runs in f.buf[from:limit]. A run of minCoded digits covers every minCoded-th byte, so most of the
// text is stepped over.
func (f *feed) findCoded(from, limit int, end bool) {
	if f.depth >= maxDepth {
		return
	}
	at := from
	if f.coded.open {
		at = f.extendCoded(limit, end)
	}
	for at += minCoded - 1; at < limit; at += minCoded {
		if sextet(f.buf[at]) < 0 {
			continue
		}
		first := at
		for first > 0 && at-first < minCoded && sextet(f.buf[first-1]) >= 0 {
			first--
		}
		last := at + 1
		for last < len(f.buf) && last-first < 2*minCoded && sextet(f.buf[last]) >= 0 {
			last++
		}
		if last-first < minCoded {
			at = last - 1
			continue
		}
		// Back to the start of the run: what stands before the first digits may shift all others.
		for first > max(0, int(f.coded.next-f.base)) && first > at-behind && sextet(f.buf[first-1]) >= 0 {
			first--
		}
		if !f.openCoded(first) {
			// Not text and no archive: over the rest of this word.
			for last < limit && sextet(f.buf[last]) >= 0 {
				last++
			}
			at = last
			continue
		}
		at = f.extendCoded(limit, end)
	}
}

// openCoded tries the run at buf[first] in both codes, and in base64 from each of the first four digits, because a word
// may stand right before it. It opens the run when the first bytes are text, or the start of something that stream knows.
func (f *feed) openCoded(first int) bool {
	word := f.after(first, 128)
	n := 0
	for n < len(word) && sextet(word[n]) >= 0 {
		n++
	}
	word = word[:n]
	c := codedRun{open: true, from: f.base + int64(first)}
	if n >= 32 && hexOnly(word) {
		c.hex = true
		var head [64]byte
		if !promising(decodeHex(head[:0], word[:n&^1])) {
			return false
		}
		c.next = f.base + int64(first)
		c.line, c.at = f.lineAt(first), f.offsetAt(first)
		f.coded = c
		return true
	}
	for skip := range 4 {
		if n >= skip+minCoded-4 && f.tryCoded(&c, first+skip, word[skip:]) {
			return true
		}
	}
	// Words in front may end in a digit of base64 themselves.
	for i := range min(n-minCoded, minCoded) {
		if c0 := word[i]; (c0 == '/' || c0 == '-' || c0 == '_') && f.tryCoded(&c, first+i+1, word[i+1:]) {
			return true
		}
	}
	return false
}

// tryCoded opens the run at buf[at] when word, its beginning, decodes to something.
func (f *feed) tryCoded(c *codedRun, at int, word []byte) bool {
	var head [96]byte
	decodeQuad(head[:], word)
	decodeQuad(head[3:], word[4:])
	if !hopeful(head[:6]) {
		return false
	}
	m := 0
	for i := 0; i+4 <= len(word) && m+3 <= len(head); i += 4 {
		m += decodeQuad(head[m:], word[i:])
	}
	if m < 12 || !promising(head[:m]) {
		return false
	}
	c.next = f.base + int64(at)
	c.line, c.at = f.lineAt(at), f.offsetAt(at)
	f.coded = *c
	return true
}

// hopeful sorts out nearly all words by the first bytes that they decode to: either text, or the first byte of something
// that promising knows.
func hopeful(head []byte) bool {
	switch head[0] {
	case 0x1f, 'B', 0xfd, 0x28, 'P', '0', '!', 'S', 0xfe, 0xff, 0, 'o':
		return true
	}
	plain, zeros := 0, 0
	for _, c := range head {
		if c == 0 {
			zeros++
		} else if textByte(c) && c < 127 {
			plain++
		}
	}
	return plain == len(head) || zeros == 3 && plain == 3
}

// promising: text, UTF-16, a container, or the DER of a private key.
func promising(head []byte) bool {
	if len(head) < 12 {
		return false
	}
	if printableText(head) || sniff(head) != rawData || bytes.HasPrefix(head, []byte{0x1f, 0x8b, 8}) || bytes.HasPrefix(head, []byte("openssh-key-v1\x00")) {
		return true
	}
	if head[0] == 0x30 && head[1] >= 0x80 && head[1] < 0x84 {
		_, n := derLength(head)
		return n > 0 && n+4 <= len(head) && head[n] == 2 && head[n+1] == 1 && head[n+2] <= 3
	}
	zeros := bytes.Count(head, []byte{0})
	return zeros*5 >= len(head)*2 && zeros*5 <= len(head)*3 && printableText(bytes.ReplaceAll(head, []byte{0}, nil))
}

// extendCoded decodes the open run as far as limit, and closes it where it ends. It returns where to go on.
func (f *feed) extendCoded(limit int, end bool) int {
	c := &f.coded
	at := int(c.next - f.base)
	for at < limit {
		v := sextet(f.buf[at])
		if v < 0 || c.hex && !isHex(f.buf[at]) {
			n := lineBreak(f.buf[at:])
			if n == 0 || at+n >= len(f.buf) || sextet(f.buf[at+n]) < 0 {
				break
			}
			at += n
			continue
		}
		c.quad[c.have] = f.buf[at]
		c.have++
		at++
		if c.hex && c.have == 2 {
			c.out = decodeHex(c.out, c.quad[:2])
			c.have = 0
		} else if c.have == 4 {
			var b [3]byte
			c.out = append(c.out, b[:decodeQuad(b[:], c.quad[:])]...)
			c.have = 0
		}
		if len(c.out) >= heldCoded>>f.depth {
			f.spillCoded()
		}
	}
	c.next = f.base + int64(at)
	if at >= limit && !end {
		return limit
	}
	f.closeCoded()
	return at
}

// lineBreak is the length of the line end, indentation and marks between two lines of a run; 0 where there is none.
// Besides plain ones, those of JSON (\n) and of program text ("…" + "…") count.
func lineBreak(text []byte) int {
	i, broken := 0, false
	for i < len(text) && i < 64 {
		switch c := text[i]; {
		case c == '\n' || c == '\r':
			broken = true
		case c == '\\' && i+1 < len(text) && (text[i+1] == 'n' || text[i+1] == 'r'):
			broken = true
			i++
		case c == ' ' || c == '\t' || c == '"' || c == '\'' || c == '\\':
		default:
			if !broken {
				return 0
			}
			return i
		}
		i++
	}
	return 0
}

// spillCoded goes over to searching the decoded bytes as they come.
func (f *feed) spillCoded() {
	c := &f.coded
	if c.sub == nil {
		c.sub = &feed{job: f.job, place: f.place, where: f.where + c.step(), depth: f.depth + 1, fixed: &spot{line: c.line, offset: c.at}}
	}
	if err := f.job.spend(len(c.out)); err != nil {
		f.job.note(err)
	} else {
		c.sub.write(c.out)
	}
	c.out = c.out[:0]
}

func (c *codedRun) step() string {
	if c.hex {
		return "!hex"
	}
	return "!base64"
}

func (f *feed) closeCoded() {
	c := &f.coded
	if c.have > 1 && !c.hex {
		for i := c.have; i < 4; i++ {
			c.quad[i] = 'A'
		}
		var b [3]byte
		decodeQuad(b[:], c.quad[:])
		c.out = append(c.out, b[:c.have-1]...)
	}
	switch {
	case c.sub != nil:
		f.spillCoded()
		c.sub.advance(true)
	case len(c.out) >= 8:
		if err := f.job.spend(len(c.out)); err != nil {
			f.job.note(err)
			break
		}
		f.job.decoded(f, c)
	}
	f.coded = codedRun{next: c.next}
}

// sextet is the value of a digit of base64, in its common and its URL alphabet (RFC 4648, 4 and 5); -1 for others.
func sextet(c byte) int8 { return sextets[c] }

var sextets = func() (t [256]int8) {
	for c := range t {
		t[c] = -1
	}
	for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		t[c] = int8(i)
	}
	t['-'], t['_'] = 62, 63
	return t
}()

func decodeQuad(out, in []byte) int {
	v := uint32(sextet(in[0]))<<18 | uint32(sextet(in[1]))<<12 | uint32(sextet(in[2]))<<6 | uint32(sextet(in[3]))
	out[0], out[1], out[2] = byte(v>>16), byte(v>>8), byte(v)
	return 3
}

func decodeHex(out, in []byte) []byte {
	for i := 0; i+2 <= len(in); i += 2 {
		out = append(out, unhex(in[i])<<4|unhex(in[i+1]))
	}
	return out
}

func unhex(c byte) byte {
	switch {
	case c >= 'a':
		return c - 'a' + 10
	case c >= 'A':
		return c - 'A' + 10
	}
	return c - '0'
}
