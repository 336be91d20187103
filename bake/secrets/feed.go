package secrets

import (
	"bytes"
	"io"
)

// Sizes in bytes. A literal is looked at only when ahead bytes behind it are in memory, and behind bytes before it stay
// there: so nothing depends on where a buffer ends. 32 KiB hold a private key of 16384 bits with room to spare.
const (
	behind = 4 << 10
	ahead  = 32 << 10
	block  = 256 << 10
)

// A feed searches one run of bytes: a file, a member of an archive, or text that was decoded from either.
type feed struct {
	job   *job
	place *place
	where string
	depth int

	buf     []byte
	base    int64 // offset of buf[0]
	lines   int   // newlines before buf[0]
	scanned int   // buf up to here is done
	binary  bool  // no lines to speak of
	program bool  // machine code of a distribution, where keys are for self-tests
	sniffed bool

	fixed *spot // where hits are reported, when the bytes were decoded from a run that starts there

	name  int64 // offset behind the last name that was taken for the left side of an assignment
	plain int64 // offset behind the last percent-encoded or escaped run that was decoded
	wide  wideRun
	coded codedRun
	spans []span
}

// A span is what a hit covers, so that one secret is reported once.
type span struct {
	from, to int64
	rank     rank
	hit      int // index in job.hits
}

// A spot is a place in a file as hits name it.
type spot struct {
	line   int
	offset int64
}

// readAll searches everything that r gives.
func (f *feed) readAll(r io.Reader) error {
	for {
		n, err := io.ReadFull(r, f.room())
		f.buf = f.buf[:len(f.buf)+n]
		if err != nil {
			f.advance(true)
			if err == io.EOF || err == io.ErrUnexpectedEOF {
				return nil
			}
			return err
		}
		f.advance(false)
		if err := f.job.late(); err != nil {
			return err
		}
	}
}

// room makes the buffer's full size available and returns the free part.
func (f *feed) room() []byte {
	const size = behind + ahead + block
	if cap(f.buf) < size {
		f.buf = append(make([]byte, 0, size), f.buf...)
	}
	return f.buf[len(f.buf):size]
}

// write searches p as the next bytes. What it finds does not depend on how the bytes are cut into calls.
func (f *feed) write(p []byte) {
	for len(p) > 0 {
		n := min(len(p), behind+ahead+block-len(f.buf))
		f.buf = append(f.buf, p[:n]...)
		p = p[n:]
		if len(f.buf) == behind+ahead+block {
			f.advance(false)
		}
	}
}

// skip closes what came so far and goes on n bytes later: a hole in a sparse file.
func (f *feed) skip(n int64) {
	f.advance(true)
	f.base += int64(len(f.buf)) + n
	f.lines += bytes.Count(f.buf, []byte{'\n'})
	f.buf, f.scanned = f.buf[:0], 0
}

// advance searches what is in the buffer as far as it may, and drops what is no longer needed.
func (f *feed) advance(end bool) {
	limit := len(f.buf) - ahead
	if end {
		limit = len(f.buf)
	}
	if limit <= f.scanned && !end {
		return
	}
	if !f.sniffed {
		f.binary = bytes.IndexByte(f.buf[:min(len(f.buf), 8<<10)], 0) >= 0
		f.program = f.place.program || f.place.vendor && bytes.HasPrefix(f.buf, []byte("\x7fELF"))
		f.sniffed = true
	}
	from := f.scanned
	f.job.s.search.run(f.buf, from, limit, func(literal uint16, at int) {
		stop := at + len(f.job.s.search.literals[literal])
		for _, find := range f.job.s.finders[literal] {
			find(f, at, stop)
		}
	})
	f.findWide(from, limit, end)
	f.findCoded(from, limit, end)
	f.scanned = limit
	if keep := limit - behind; keep > 0 && !end {
		f.lines += bytes.Count(f.buf[:keep], []byte{'\n'})
		f.base += int64(keep)
		f.buf = f.buf[:copy(f.buf, f.buf[keep:])]
		f.scanned -= keep
	}
}

// before is the text in front of buf[at], at most n bytes of it.
func (f *feed) before(at, n int) []byte { return f.buf[max(0, at-min(n, behind)):at] }

// after is the text from buf[at] on, at most n bytes of it.
func (f *feed) after(at, n int) []byte { return f.buf[at:min(len(f.buf), at+min(n, ahead))] }

// line is the part of the line in front of buf[at], at most n bytes of it.
func (f *feed) line(at, n int) []byte {
	text := f.before(at, n)
	return text[bytes.LastIndexAny(text, "\n\r\x00")+1:]
}

// lineAt numbers lines from 1; 0 in binary files.
func (f *feed) lineAt(at int) int {
	switch {
	case f.fixed != nil:
		return f.fixed.line
	case f.binary:
		return 0
	}
	return 1 + f.lines + bytes.Count(f.buf[:at], []byte{'\n'})
}

func (f *feed) offsetAt(at int) int64 {
	if f.fixed != nil {
		return f.fixed.offset
	}
	return f.base + int64(at)
}

// sub is a feed for text that was decoded from a run that starts at buf[at].
func (f *feed) sub(at int, step string) *feed {
	return &feed{
		job: f.job, place: f.place, where: f.where + step, depth: f.depth + 1, sniffed: true,
		fixed: &spot{line: f.lineAt(at), offset: f.offsetAt(at)},
	}
}
