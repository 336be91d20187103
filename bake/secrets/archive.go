package secrets

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"strings"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz/lzma"
)

// probeSize is how much of a compressed file is tried out before it is believed to be one, in bytes.
const probeSize = 4 << 10

// open searches inside a container, and whatever stands behind it: initial RAM disks are several in a row.
func (j *job) open(k kind, r io.Reader, size int64, p *place, where string, depth int) error {
	if k == sqliteData {
		return j.sqlite(r, size, p, where, depth)
	}
	src := &counted{r: r}
	br := bufio.NewReaderSize(src, 32<<10)
	for {
		start := src.n - br.Buffered()
		head, _ := br.Peek(probeSize)
		if !j.s.believable(k, head) {
			return j.raw(br, -1, p, where, depth)
		}
		if err := j.unpack(k, br, p, where, depth); err != nil {
			return err
		}
		if src.n-br.Buffered() == start { // the magic number, but nothing behind it
			return j.raw(br, -1, p, where, depth)
		}
		for {
			c, err := br.ReadByte()
			if err != nil {
				return nil // source notes errors of the file itself
			}
			if c != 0 {
				br.UnreadByte()
				break
			}
		}
		head, _ = br.Peek(headSize)
		if k = sniff(head); k == rawData || k == sqliteData {
			return j.raw(br, -1, p, where, depth)
		}
		if err := j.late(); err != nil {
			return err
		}
	}
}

// counted knows how many bytes were read.
type counted struct {
	r io.Reader
	n int
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

// unpack searches one container of the kind that starts at br, and leaves br behind it.
func (j *job) unpack(k kind, br *bufio.Reader, p *place, where string, depth int) error {
	switch k {
	case tarData:
		return j.tar(br, p, where, depth)
	case zipData:
		return j.zip(br, p, where, depth)
	case cpioData:
		return j.cpio(br, p, where, depth)
	case arData:
		return j.ar(br, p, where, depth)
	case rpmData:
		return j.rpm(br, p, where, depth)
	case packData:
		return j.gitPack(br, p, where, depth)
	}
	head, _ := br.Peek(probeSize)
	window, giveBack, ok := j.hold(windowOf(k, head))
	if !ok {
		_, err := io.Copy(io.Discard, br)
		return err
	}
	defer giveBack()
	plain, done, err := j.s.decompress(k, br, window)
	if err != nil {
		return nil
	}
	defer done()
	// The name without the compressor's ending was judged already.
	return j.stream(&member{job: j, r: plain}, -1, p, where+"!"+k.String(), depth+1)
}

// decompress opens a compressed stream, whose window may be most bytes; done gives its memory back.
func (s *Scanner) decompress(k kind, br *bufio.Reader, most int64) (plain io.Reader, done func(), err error) {
	done = func() {}
	switch k {
	case gzipData:
		z := s.gunzips.Get().(*gzip.Reader)
		done = func() { s.gunzips.Put(z) }
		if err := z.Reset(br); err != nil {
			done()
			return nil, nil, err
		}
		z.Multistream(false)
		return z, done, nil
	case bzip2Data:
		return bzip2.NewReader(br), done, nil
	case xzData:
		plain, err = newXZReader(br, most)
		return plain, done, err
	case lzmaData:
		plain, err = lzma.ReaderConfig{DictCap: int(most)}.NewReader(br)
		return plain, done, err
	case lz4Data:
		return &lz4Reader{br: br}, done, nil
	case zlibData:
		br.Discard(2)
		z := s.inflates.Get().(io.Reader)
		return z, func() { s.inflates.Put(z) }, z.(flate.Resetter).Reset(br, nil)
	case zstdData:
		z, err := zstd.NewReader(br, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(uint64(most)), zstd.WithDecoderMaxMemory(maxWindow))
		if err != nil {
			return nil, nil, err
		}
		return z, z.Close, nil
	}
	return nil, nil, errors.ErrUnsupported
}

// believable: magic numbers stand in other files by chance. Those of bzip2 and xz are long enough to be believed.
func (s *Scanner) believable(k kind, head []byte) bool {
	switch k {
	case xzData:
		return len(head) > 12 && crc32.ChecksumIEEE(head[6:8]) == binary.LittleEndian.Uint32(head[8:])
	case zstdData:
		return len(head) > 8 && (head[4]&8 == 0 || head[0] != 0x28)
	case gzipData:
		plain, done, err := s.decompress(k, bufio.NewReader(bytes.NewReader(head)), usualWindow)
		if err != nil {
			return false
		}
		defer done()
		_, err = plain.Read(make([]byte, 1))
		return err == nil || err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) || len(head) >= probeSize
	}
	return true
}

// A member gives the bytes of something inside a container. It counts them, and ends where the container is damaged: what
// could be unpacked has been searched, and nobody else gets more out of it.
type member struct {
	job *job
	r   io.Reader
	err error // once and for all: io.ReadFull drops an error that comes with enough bytes
}

func (m *member) Read(p []byte) (n int, err error) {
	if m.err != nil {
		return 0, m.err
	}
	n, err = m.r.Read(p)
	switch {
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded), errors.Is(err, errTooWide):
		m.job.tooWide()
	case errors.Is(err, errForeign):
		m.job.incomplete("%v", errForeign)
	}
	if err != nil && !errors.Is(err, ErrIncomplete) {
		err = io.EOF
	}
	if spent := m.job.spend(n); spent != nil {
		err = spent
	}
	m.err = err
	return n, err
}

func (k kind) String() string {
	switch k {
	case gzipData:
		return "gzip"
	case bzip2Data:
		return "bzip2"
	case xzData:
		return "xz"
	case zstdData:
		return "zstd"
	case lzmaData:
		return "lzma"
	case lz4Data:
		return "lz4"
	case zlibData:
		return "zlib"
	case sqliteData:
		return "sqlite"
	}
	return "archive"
}

// inside is the place of an archive's member. Members are read as if they were unpacked at the root, where the names in
// most archives of systems belong; what holds for the archive holds for them.
func (j *job) inside(outer *place, k kind, name string) *place {
	p := j.s.newPlace("/" + strings.TrimLeft(strings.TrimPrefix(name, "./"), "/"))
	if outer.vendor {
		p.vendor, p.level = true, strict
		p.sample = outer.sample || sampleTree(strings.ToLower(p.path))
		p.program = k == zipData || k == arData // jar, wheel, static library
	}
	return p
}
