package secrets

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
)

// Options says how to scan. The zero value is fit for use.
type Options struct {
	// Salt of the hashes. Nil: drawn at random for each Scanner, so hashes compare within one run only. An allow list by
	// hash needs a salt that stays the same.
	Salt []byte
	// Allow lists what is known and accepted.
	Allow []Allow
	// MaxExpand bounds what the archives and encodings of one file may unfold to, in bytes. Zero: 1 GiB.
	MaxExpand int64
	// MaxTime bounds the time for one file. Zero: two minutes.
	MaxTime time.Duration
}

// ErrIncomplete is in errors of Scan that say that a part of a file was not looked at: it may hold anything.
var ErrIncomplete = errors.New("the rest was not looked at")

// Scanner finds secrets. It is safe for concurrent use; each Scan under way needs one to four MiB, and what the
// decompressors need: up to 8 MiB each, and one of them up to 64 MiB (xz -9). To stay below a bound of its own, the program
// must tell the runtime, for garbage comes on top: debug.SetMemoryLimit.
type Scanner struct {
	options  Options
	rules    map[string]*rule
	finders  [][]finder // literal → who looks closer
	search   *search
	marks    []string // those of tokens that are met nowhere else
	feeds    sync.Pool
	formats  *formatIndex
	gunzips  sync.Pool  // of *gzip.Reader
	inflates sync.Pool  // of flate's readers, for zip
	heavy    sync.Mutex // held by who unpacks with a large window
}

// A finder looks closer at a literal that was found at f.buf[start:end].
type finder func(f *feed, start, end int)

// New makes a scanner. An allow list that cannot work is an error.
func New(o Options) (*Scanner, error) {
	s := &Scanner{options: o, rules: map[string]*rule{}}
	for _, r := range catalogue() {
		s.rules[r.ID] = &r
	}
	for _, a := range o.Allow {
		if err := a.check(s.rules, o.Salt != nil); err != nil {
			return nil, fmt.Errorf("cannot use the allow list: %w", err)
		}
	}
	if o.Salt == nil {
		s.options.Salt = make([]byte, 16)
		rand.Read(s.options.Salt)
	}
	if o.MaxExpand == 0 {
		s.options.MaxExpand = 1 << 30
	}
	if o.MaxTime == 0 {
		s.options.MaxTime = 2 * time.Minute
	}
	s.formats = newFormatIndex(allFormats())
	for _, t := range allTokens() {
		for _, mark := range t.literals {
			if selfEvident(mark) && !slices.Contains(s.marks, mark) {
				s.marks = append(s.marks, mark)
			}
		}
	}
	var literals []string
	index := map[string]int{}
	for _, t := range triggers(s.rules) {
		for _, lit := range t.literals {
			at, known := index[lit]
			if !known {
				at = len(literals)
				index[lit] = at
				literals = append(literals, lit)
				s.finders = append(s.finders, nil)
			}
			s.finders[at] = append(s.finders[at], t.find)
		}
	}
	s.search = newSearch(literals)
	s.feeds.New = func() any { b := make([]byte, 0, behind+ahead+block); return &b }
	s.gunzips.New = func() any { return new(gzip.Reader) }
	s.inflates.New = func() any { return flate.NewReader(nil) }
	return s, nil
}

// Scan looks for secrets in what r gives. name is the file's path as seen inside the root, in bytes as they are; size is
// its length, or -1. Hits come with any error: one that is ErrIncomplete means that a part could not be looked at, others
// come from r.
func (s *Scanner) Scan(name string, r io.Reader, size int64) ([]Hit, error) {
	j := &job{s: s, name: name, file: r, start: time.Now()}
	if f, ok := r.(*os.File); ok {
		j.parts = dataParts(f, size)
	}
	src := &source{r: r}
	err := j.stream(src, size, s.newPlace(name), "", 0)
	switch {
	case src.err != nil:
		err = src.err
	case err == nil:
		err = j.gap
	}
	if err != nil {
		err = fmt.Errorf("cannot look for secrets in all of %s: %w", quote(name), err)
	}
	return slices.DeleteFunc(j.hits, func(h Hit) bool { return h.Rule == "" }), err
}

// source keeps the error of the caller's reader apart from those of decompressors.
type source struct {
	r   io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}
