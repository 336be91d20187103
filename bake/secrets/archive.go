package secrets

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"runtime/debug"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// maxWindow bounds what a decompressor may hold, in bytes. `zstd -19` and `xz -9` stay within.
const maxWindow = 64 << 20

// usualWindow is what several decompressors may hold at a time: `xz -6`, `zstd -19`.
const usualWindow = 8 << 20

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
	}
	head, _ := br.Peek(64)
	window := windowOf(k, head)
	if j.window+window > maxWindow {
		j.incomplete("it needs more than %d MiB of memory to unpack", maxWindow>>20)
		_, err := io.Copy(io.Discard, br)
		return err
	}
	if window > usualWindow && j.window <= usualWindow { // one file at a time, and its memory is given back at once
		j.s.heavy.Lock()
		defer func() {
			debug.FreeOSMemory()
			j.s.heavy.Unlock()
		}()
	}
	j.window += window
	defer func() { j.window -= window }()
	plain, done, err := j.s.decompress(k, br)
	if err != nil {
		return nil
	}
	defer done()
	// The name without the compressor's ending was judged already.
	return j.stream(&member{job: j, r: plain}, -1, p, where+"!"+k.String(), depth+1)
}

// decompress opens a compressed stream; done gives its memory back.
func (s *Scanner) decompress(k kind, r io.Reader) (plain io.Reader, done func(), err error) {
	done = func() {}
	switch k {
	case gzipData:
		z := s.gunzips.Get().(*gzip.Reader)
		done = func() { s.gunzips.Put(z) }
		if err := z.Reset(r); err != nil {
			done()
			return nil, nil, err
		}
		z.Multistream(false)
		return z, done, nil
	case bzip2Data:
		return bzip2.NewReader(r), done, nil
	case xzData:
		plain, err = xz.ReaderConfig{DictCap: 1 << 16}.NewReader(r)
		return plain, done, err
	case zstdData:
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderMaxMemory(maxWindow))
		if err != nil {
			return nil, nil, err
		}
		return z, z.Close, nil
	}
	return nil, nil, errors.ErrUnsupported
}

// windowOf reads how much of what it has unpacked the decompressor must hold, in bytes; 0 where that is no matter.
func windowOf(k kind, head []byte) int64 {
	switch {
	case k == xzData && len(head) > 17 && head[13]&0xc0 == 0 && head[14] == 0x21 && head[15] == 1 && head[16] <= 40:
		return int64(2|head[16]&1) << (head[16]/2 + 11) // xz-file-format 3.1, 5.3.1, of the first block
	case k == zstdData && len(head) > 5 && head[4]&0x20 == 0:
		base := int64(1) << (10 + head[5]>>3) // RFC 8878, 3.1.1.1.2, of the first frame
		return base + base/8*int64(head[5]&7)
	}
	return 0
}

// believable: magic numbers stand in other files by chance. Those of bzip2 and xz are long enough to be believed.
func (s *Scanner) believable(k kind, head []byte) bool {
	switch k {
	case xzData:
		return len(head) > 12 && crc32.ChecksumIEEE(head[6:8]) == binary.LittleEndian.Uint32(head[8:])
	case zstdData:
		return len(head) > 8 && head[4]&8 == 0
	case gzipData:
		plain, done, err := s.decompress(k, bytes.NewReader(head))
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
	if errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, zstd.ErrDecoderSizeExceeded) {
		m.job.incomplete("it needs more than %d MiB of memory to unpack", maxWindow>>20)
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
