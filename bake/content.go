package bake

import (
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"syscall"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

const (
	maxEdit  = 16 << 20 // bytes of a file whose lines are changed; what is configuration is never larger
	maxHolds = 1 << 20  // bytes of a file that is known by its content
)

// holds tells whether a file's beginning is what the expression looks for; nil takes any file.
func (p *Plan) holds(r *Rule, n *node, content *regexp.Regexp) bool {
	if content == nil {
		return true
	}
	n, err := p.view.follow(n)
	if err == nil && n.kind != 0 {
		return false
	}
	var data []byte
	if err == nil {
		data, err = p.view.read(n, maxHolds)
	}
	if err != nil {
		if !nothing(err) {
			p.unknown(r.ID, n.path(), err)
		}
		return false
	}
	return content.Match(data)
}

// change tells for truncate, reset and edit whether a file needs it, and how many bytes of content would go.
func (s *search) change(n *node, fi fs.FileInfo) (bytes int64, needed bool, err error) {
	switch s.rule.Action {
	case Truncate:
		return stored(fi), fi.Size() > 0, nil
	case Wipe:
		return stored(fi), true, nil // what needs it is known by what it holds
	case Edit:
		data, err := s.view.read(n, maxEdit+1)
		if err != nil {
			return 0, false, err
		}
		edited, gone, err := s.rule.Edit.apply(data)
		return gone, string(edited) != string(data), err
	case Empty:
		return 0, false, nil // a file that stands in for the folder is nothing that programs use as one
	}
	want := s.rule.Reset
	if want.LinkTo != "" {
		// A relative link is no question: LinkTo is absolute, so that it means the same wherever the link lies.
		if _, err := s.view.lookup(want.LinkTo); err == nil || !nothing(err) {
			return stored(fi), true, err
		}
	}
	if fi.Size() != int64(len(want.Text)) {
		return stored(fi), true, nil
	}
	data, err := s.view.read(n, maxEdit)
	return stored(fi), string(data) != want.Text, err
}

// compile makes the expression ready for the lines or for the whole text.
func (l *Lines) compile() (*regexp.Regexp, error) {
	if l.Whole {
		return regexp.Compile("(?m)" + l.Match)
	}
	return regexp.Compile(l.Match)
}

// apply edits a text; gone is the number of bytes that are no longer there.
func (l *Lines) apply(data []byte) (edited []byte, gone int64, err error) {
	if len(data) > maxEdit {
		return nil, 0, fmt.Errorf("larger than %d MiB: no configuration file is", maxEdit>>20)
	}
	match, err := l.compile()
	if err != nil {
		return nil, 0, err
	}
	if l.Whole {
		edited = match.ReplaceAll(data, []byte(l.With))
		return edited, max(0, int64(len(data)-len(edited))), nil
	}
	for line := range strings.Lines(string(data)) {
		text := strings.TrimSuffix(line, "\n")
		end := line[len(text):]
		switch {
		case !match.MatchString(text):
			edited = append(edited, line...)
		case !l.Drop:
			edited = append(edited, match.ReplaceAllString(text, l.With)+end...)
		}
	}
	return edited, max(0, int64(len(data)-len(edited))), nil
}

// size adds up what a folder stores, in bytes. It is for the report: what cannot be read counts as nothing.
func size(d *rootfs.Dir, depth int) (sum int64) {
	entries, _ := d.ReadDir()
	for _, e := range entries {
		if e.IsDir() {
			if sub, err := d.OpenDir(e.Name()); err == nil && depth > 0 {
				sum += size(sub, depth-1)
				sub.Close()
			}
		} else if fi, err := d.Lstat(e.Name()); err == nil {
			sum += stored(fi)
		}
	}
	return sum
}

// stored is what a file really holds: a sparse file of a terabyte may hold nothing.
func stored(fi fs.FileInfo) int64 {
	if !fi.Mode().IsRegular() {
		return 0
	}
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		return min(fi.Size(), st.Blocks*512)
	}
	return fi.Size()
}
