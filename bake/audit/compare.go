package audit

import (
	"bytes"
	"crypto/sha256"
	"hash"
	"io"

	"github.com/leaven-dev/leaven/bake/baseline"
	"github.com/leaven-dev/leaven/bake/sweep"
)

// inMemory is up to which size, in bytes, a file is kept while its checksums are made, so that it is read once.
const inMemory = 4 << 20

// compare makes the checksums that are known for a file, all in one pass. Known is the counter of files that are as they
// were; it is nil for one to search, whose content comes back, perhaps out of the buffer.
func (s *files) compare(f sweep.File, buffer *bytes.Buffer) (content io.Reader, known *int, err error) {
	content = f.Content()
	if s.options.Full {
		return content, nil, nil
	}
	var sums []io.Writer
	var owned, before hash.Hash
	if kind := s.owned.Hash(f.Path); kind != 0 {
		owned = kind.New()
		sums = append(sums, owned)
	}
	entry, inBaseline := s.baseline(f)
	if inBaseline {
		before = sha256.New()
		sums = append(sums, before)
	}
	if len(sums) == 0 {
		return content, nil, nil
	}
	if content, err = s.read(f, content, buffer, io.MultiWriter(sums...)); err != nil {
		return nil, nil, err
	}
	switch {
	case owned != nil && s.owned.Unchanged(f.Path, owned.Sum(nil)):
		return nil, &s.counts.packaged, nil
	case before != nil && bytes.Equal(before.Sum(nil), entry.Sum[:]):
		return nil, &s.counts.baselined, nil
	}
	return content, nil, nil
}

// read gives a file's content to the checksums, and returns it for one more reading.
func (s *files) read(f sweep.File, content io.Reader, buffer *bytes.Buffer, sums io.Writer) (io.Reader, error) {
	if f.Info.Size() > inMemory {
		if _, err := io.Copy(sums, content); err != nil {
			return nil, err
		}
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
		return f.Content(), nil
	}
	buffer.Reset()
	if _, err := buffer.ReadFrom(content); err != nil {
		return nil, err
	}
	sums.Write(buffer.Bytes()) // a hash never fails
	return bytes.NewReader(buffer.Bytes()), nil
}

// baseline returns what a file was when the build began, where its size says that it may be so still.
func (s *files) baseline(f sweep.File) (baseline.Entry, bool) {
	if s.options.Baseline == nil {
		return baseline.Entry{}, false
	}
	e, known := s.options.Baseline.Files[f.Path]
	return e, known && e.Size == f.Info.Size()
}
