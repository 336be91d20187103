package fstab

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// File is the document.
type File struct{ lines []line }

// line is one line as it stands there, with its end. Comments and empty lines have no entry.
type line struct {
	text    string
	entry   *Entry
	problem string
}

// Problem is a line that programs cannot read, or read otherwise than it looks.
type Problem struct {
	Line    int // counted from 1
	Message string
}

func (p Problem) String() string { return fmt.Sprintf("line %d: %s", p.Line, p.Message) }

// Parse reads a document. It takes anything: what it does not understand is a problem.
func Parse(data []byte) *File {
	f := &File{}
	for text := range strings.Lines(string(data)) {
		f.lines = append(f.lines, parse(text))
	}
	return f
}

func parse(text string) line {
	l := line{text: text}
	fields := strings.FieldsFunc(strings.TrimRight(text, "\n"), func(r rune) bool { return r == ' ' || r == '\t' })
	if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
		return l
	}
	if strings.ContainsAny(text, "\r\x00") {
		l.problem = "it holds a carriage return or a zero byte"
	}
	if len(fields) < 2 {
		l.problem = "it names no mount point"
		return l
	}
	e := &Entry{Source: unescape(fields[0]), Point: unescape(fields[1])}
	l.entry = e
	if len(fields) < 3 {
		l.problem = "it names no type"
		return l
	}
	e.Type = unescape(fields[2])
	if len(fields) > 3 {
		e.Options = unescape(fields[3])
	}
	for i, to := range []*int{&e.Freq, &e.Pass} {
		if len(fields) <= 4+i || strings.HasPrefix(fields[4+i], "#") {
			break
		}
		n, err := strconv.Atoi(fields[4+i])
		if err != nil {
			l.problem = fmt.Sprintf("field %d is %q, which is no number", 5+i, fields[4+i])
			break
		}
		*to = n
	}
	if len(fields) > 6 && !strings.HasPrefix(fields[6], "#") && l.problem == "" {
		l.problem = "it has more than six fields"
	}
	return l
}

// Bytes is the document as it is to be written.
func (f *File) Bytes() []byte {
	var b []byte
	for _, l := range f.lines {
		b = append(b, l.text...)
	}
	return b
}

// Entries lists what the lines say, those of broken lines as far as they go.
func (f *File) Entries() []Entry {
	var all []Entry
	for _, l := range f.lines {
		if l.entry != nil {
			all = append(all, *l.entry)
		}
	}
	return all
}

// Problems lists the broken lines. Their text is not in it: options can hold passwords.
func (f *File) Problems() []Problem {
	var all []Problem
	for i, l := range f.lines {
		if l.problem != "" {
			all = append(all, Problem{i + 1, l.problem})
		}
	}
	return all
}

// Set makes the document hold an entry of ours, in the place of the one at the same mount point, or at the end. Nothing changes
// where it says so already. A line of somebody else's for that mount point is an error.
func (f *File) Set(e Entry) error {
	if !e.Ours() {
		e.Options = strings.TrimPrefix(e.Options+","+Tag, ",")
	}
	if err := e.check(); err != nil {
		return err
	}
	at := -1
	for i, l := range f.lines {
		switch {
		case l.entry == nil || !l.entry.At(e.Point) && l.entry.Point != e.Point:
		case e.Point == "none" && l.entry.Source != e.Source: // swap: any number of them
		case !l.entry.Ours():
			return fmt.Errorf("cannot write the mount at %s to fstab: line %d, which is not Leaven's, mounts something there already; remove one of the two", e.Point, i+1)
		case at < 0:
			at = i
		default:
			return fmt.Errorf("cannot write the mount at %s to fstab: lines %d and %d are both marked as Leaven's; remove one", e.Point, at+1, i+1)
		}
	}
	switch {
	case at < 0:
		if n := len(f.lines); n > 0 && !strings.HasSuffix(f.lines[n-1].text, "\n") {
			f.lines[n-1].text += "\n"
		}
		f.lines = append(f.lines, parse(e.String()+"\n"))
	case *f.lines[at].entry != e || f.lines[at].problem != "":
		f.lines[at] = parse(e.String() + "\n")
	}
	return nil
}

// Prune removes the lines of ours that keep does not want, and returns what they said.
func (f *File) Prune(keep func(Entry) bool) []Entry {
	var removed []Entry
	f.lines = slices.DeleteFunc(f.lines, func(l line) bool {
		gone := l.entry != nil && l.entry.Ours() && !keep(*l.entry)
		if gone {
			removed = append(removed, *l.entry)
		}
		return gone
	})
	return removed
}
