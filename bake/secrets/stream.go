package secrets

import (
	"bytes"
	"io"
)

// A kind is what the first bytes of a file say that it is.
type kind uint8

const (
	rawData kind = iota
	gzipData
	bzip2Data
	xzData
	zstdData
	tarData
	zipData
	cpioData
	arData
	rpmData
	sqliteData
	lzmaData
	lz4Data
	zlibData
	packData
	foreignData
)

// headSize is how much of a file is looked at to tell its kind, in bytes: a tar header has its magic behind 257.
const headSize = 512

// sniff tells the kind by the magic numbers of each format's specification.
func sniff(head []byte) kind {
	has := func(magic string) bool { return bytes.HasPrefix(head, []byte(magic)) }
	switch {
	case len(head) < 4:
		return rawData
	case has("\x1f\x8b\x08"): // RFC 1952
		return gzipData
	case has("BZh") && len(head) > 9 && (bytes.Equal(head[4:10], []byte("1AY&SY")) || bytes.Equal(head[4:10], []byte("\x17rE8P\x90"))):
		return bzip2Data
	case has("\xfd7zXZ\x00"):
		return xzData
	case has("\x28\xb5\x2f\xfd"), head[0]&0xf0 == 0x50 && has(string(head[:1])+"\x2a\x4d\x18"): // RFC 8878, 3.1.1 and 3.1.2
		return zstdData
	case has("\x04\x22\x4d\x18"), has("\x02\x21\x4c\x18"): // lz4_Frame_format.md
		return lz4Data
	case lzmaAlone(head):
		return lzmaData
	case has("\xed\xab\xee\xdb"):
		return rpmData
	case has("PACK\x00\x00\x00\x02"), has("PACK\x00\x00\x00\x03"): // gitformat-pack(5)
		return packData
	case has("7z\xbc\xaf\x27\x1c"), has("Rar!\x1a\x07"), has("LZIP\x01"), has("LRZI"), has("\x89LZO\x00"), has("\x1f\x9d\x90"):
		return foreignData
	case has("PK\x03\x04"), has("PK\x07\x08PK\x03\x04"):
		return zipData
	case has("070701"), has("070702"):
		return cpioData
	case has("!<arch>\n"):
		return arData
	case has("SQLite format 3\x00"):
		return sqliteData
	case len(head) >= headSize && bytes.Equal(head[257:262], []byte("ustar")), oldTar(head):
		return tarData
	}
	if n := bytes.Index(head, []byte("PK\x03\x04")); n > 0 && has("#!") { // Python's zipapp
		return zipData
	}
	return rawData
}

// stream searches what r gives, and what is inside. size is its length, or -1.
func (j *job) stream(r io.Reader, size int64, p *place, where string, depth int) error {
	head, r := peek(r, headSize)
	k := sniff(head)
	switch {
	case k == rawData && gitObject(p, head):
		k = zlibData
	case k == foreignData:
		if !p.vendor {
			j.incomplete("it is an archive of a kind that is not opened")
		}
		k = rawData
	}
	if k != rawData && depth >= maxDepth {
		j.incomplete("archives are nested more than %d deep", maxDepth)
		k = rawData
	}
	if k == rawData && bytes.HasPrefix(head, []byte("#!")) && depth < maxDepth && j.parts == nil {
		if head, r = peek(r, scriptSize); bytes.IndexByte(head, 0) > 0 {
			if n := payload(head); n > 0 {
				if err := j.raw(io.LimitReader(r, int64(n)), int64(n), p, where, depth); err != nil {
					return err
				}
				return j.stream(r, -1, p, where+"!behind the script", depth+1)
			}
		}
	}
	if k == rawData {
		return j.raw(r, size, p, where, depth)
	}
	return j.open(k, r, size, p, where, depth)
}

// scriptSize is how far into a script the archive is looked for that it carries, in bytes: makeself's have 20 KB in front.
const scriptSize = 64 << 10

// payload finds what begins behind one of a script's lines; 0 where nothing does.
func payload(script []byte) int {
	for at := 0; ; {
		n := bytes.IndexByte(script[at:], '\n')
		if n < 0 || at+n+1 >= len(script) {
			return 0
		}
		at += n + 1
		if k := sniff(script[at:min(len(script), at+headSize)]); k != rawData && k != foreignData {
			return at
		}
	}
}

// peek reads up to n bytes, and gives a reader that starts with them.
func peek(r io.Reader, n int) ([]byte, io.Reader) {
	if n > 4<<10 { // most files are shorter
		head, err := io.ReadAll(io.LimitReader(r, int64(n)))
		return head, &prefixed{head: head, r: r, err: err}
	}
	head := make([]byte, n)
	got, err := io.ReadFull(r, head)
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	return head[:got], &prefixed{head: head[:got], r: r, err: err}
}

// prefixed gives head, then err if there is one, and else what r has.
type prefixed struct {
	head []byte
	r    io.Reader
	err  error
}

func (p *prefixed) Read(b []byte) (int, error) {
	if len(p.head) > 0 {
		n := copy(b, p.head)
		p.head = p.head[n:]
		return n, nil
	}
	if p.err != nil {
		return 0, p.err
	}
	return p.r.Read(b)
}

// raw searches bytes that are no container, first by the file's format.
func (j *job) raw(r io.Reader, size int64, p *place, where string, depth int) error {
	f := &feed{job: j, place: p, where: where, depth: depth}
	buf := j.s.feeds.Get().(*[]byte)
	f.buf = *buf
	defer func() {
		*buf = f.buf[:0]
		j.s.feeds.Put(buf)
	}()
	head, r := peek(r, 16)
	if p.format != nil && p.format.read != nil || keyLike(p, head) {
		head, r = peek(r, formatLimit)
		pooled := f.buf
		f.readFormat(narrowed(head))
		if id := keyFile(p, head, size); id != "" && !p.sample {
			f.buf, f.binary = head, true
			f.report(j.s.rules[id], 0, len(head), head)
		}
		f.buf = pooled
	}
	if j.parts != nil && depth == 0 {
		return j.readParts(f)
	}
	return f.readAll(r)
}

// keyLike: worth a look by keyFile.
func keyLike(p *place, head []byte) bool {
	return len(head) == 16 && (head[0] == 0x30 && head[1] >= 0x2e || head[0] == 0xfe && head[1] == 0xed || head[0] == 0xce && head[1] == 0xce ||
		head[0] == 5 && head[1] == 2 || head[0] == 0 && bytes.Contains([]byte(p.base), []byte("dropbear")) || bytes.HasPrefix([]byte(p.base), []byte("secring")))
}

// narrowed undoes UTF-16 as a whole, for files that are read by their format. Bytes outside Latin-1 become question marks.
func narrowed(text []byte) []byte {
	big := bytes.HasPrefix(text, []byte{0xfe, 0xff})
	if !big && !bytes.HasPrefix(text, []byte{0xff, 0xfe}) {
		n := min(len(text), 64) &^ 1
		zeros := bytes.Count(text[:n], []byte{0})
		if n < 8 || zeros*3 < n || zeros*2 > n+2 {
			return bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
		}
		big = text[0] == 0
	} else {
		text = text[2:]
	}
	return narrowPairs(text, big)
}

func narrowPairs(text []byte, big bool) []byte {
	out := make([]byte, 0, len(text)/2)
	for i := 0; i+1 < len(text); i += 2 {
		low, high := text[i], text[i+1]
		if big {
			low, high = high, low
		}
		if high != 0 {
			low = '?'
		}
		out = append(out, low)
	}
	return out
}

// decoded searches what a run of base64 or hexadecimal digits gave.
func (j *job) decoded(f *feed, c *codedRun) {
	where := f.where + c.step()
	if k := sniff(c.out); k != rawData && k != foreignData && f.depth+1 < maxDepth {
		before := len(j.hits)
		j.note(j.open(k, bytes.NewReader(c.out), int64(len(c.out)), f.place, where, f.depth+1))
		for i := range j.hits[before:] {
			j.hits[before+i].Line, j.hits[before+i].Offset = c.line, c.at
		}
		return
	}
	s := &feed{job: j, place: f.place, where: where, depth: f.depth + 1, fixed: &spot{line: c.line, offset: c.at}}
	if id := keyFile(f.place, c.out, int64(len(c.out))); id != "" && !f.place.sample && !f.program && !f.binary && !f.covered(c.from) {
		s.buf = c.out
		s.report(j.s.rules[id], 0, len(c.out), c.out)
		s.buf = nil
	}
	s.write(c.out)
	s.advance(true)
}
