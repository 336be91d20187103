package userdata

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// limit bounds, in bytes, what is looked at and what all compressed parts together may unfold to. EC2 takes 16 KiB of user data.
const limit = 1 << 20

// maxDepth bounds how deep multiparts and encodings may lie in one another.
const maxDepth = 8

var (
	gzipMagic = []byte("\x1f\x8b") // RFC 1952
	tooLarge  = fmt.Sprintf("it is larger than %d bytes", limit)
	tooDeep   = fmt.Sprintf("its parts and encodings lie in one another more than %d deep", maxDepth)
)

// A Part is what user data has for Leaven.
type Part struct {
	Text  []byte // UTF-8 without a byte order mark, lines end in \n
	Where string // for messages: "user data", `part 2 ("hub.yaml") of the MIME user data`; "" in a part that is none
}

// None tells that nothing in the user data is for Leaven.
func (p Part) None() bool { return p.Where == "" }

// Find returns Leaven's part, or one that is none. It is an error if a part is meant for Leaven and cannot be read, or if there
// are several.
func Find(data []byte) (Part, error) {
	f := finder{left: limit}
	f.look(data, "user data", false, 0)
	if len(f.found) > 1 {
		var names []string
		for _, p := range f.found {
			names = append(names, p.Where)
		}
		f.fail("cannot choose between %s: both are for Leaven; put them into one part", strings.Join(names, " and "))
	}
	if err := errors.Join(f.errs...); err != nil || len(f.found) == 0 {
		return Part{}, err
	}
	return f.found[0], nil
}

// finder collects what it comes by.
type finder struct {
	left  int // bytes that compressed parts may still unfold to
	parts int // of MIME, counted without the multiparts themselves
	found []Part
	errs  []error
}

func (f *finder) fail(format string, args ...any) {
	f.errs = append(f.errs, fmt.Errorf(format, args...))
}

// unreadable is for what cannot be taken apart: an error only where something in it says that it is for Leaven.
func (f *finder) unreadable(data []byte, where, why string) {
	if mentions(data) {
		f.fail("cannot read %s, which has something for Leaven in it: %s", where, why)
	}
}

// Others tells user data in which nothing is for Leaven, and that says itself whose it is: cloud-init's (cloud-config, MIME), a script.
func Others(data []byte) bool {
	text := normal(data)
	_, message := parseMessage(text)
	return message || bytes.HasPrefix(data, gzipMagic) || bytes.HasPrefix(text, []byte("#!")) || bytes.HasPrefix(text, []byte("#cloud-")) ||
		bytes.HasPrefix(text, []byte("#include"))
}

// look takes data apart until it knows whose it is. A part whose type says that it is ours needs no first line.
func (f *finder) look(data []byte, where string, typed bool, depth int) {
	if depth > maxDepth {
		f.unreadable(data, where, tooDeep)
		return
	}
	whole := len(data) <= limit
	data = data[:min(len(data), limit)]
	if bytes.HasPrefix(data, gzipMagic) {
		text, err := f.gunzip(data)
		switch {
		case err == nil:
			f.look(text, where, typed, depth+1)
		case typed:
			f.fail("cannot read %s: %w", where, err)
		default:
			f.unreadable(text, where, err.Error())
		}
		return
	}
	if text, ok := fromUTF16(data); ok {
		if ours, err := judge(text, where); ours || err != nil || typed {
			f.fail("cannot read %s: it is UTF-16; save it as UTF-8", where)
		}
		return
	}
	text := normal(data)
	if m, ok := parseMessage(text); ok && !typed {
		if whole {
			f.message(m, where, depth)
		} else {
			f.unreadable(data, where, tooLarge)
		}
		return
	}
	if depth == 0 {
		decoded, err := fromBase64(text)
		if err == nil {
			f.look(decoded, "base64-encoded "+where, false, depth+1)
			return
		}
		if bytes.HasPrefix(bytes.TrimSpace(text), encodedShebang) {
			f.fail("cannot read %s: it is base64 and damaged: %w", where, err)
			return
		}
	}
	switch ours, err := judge(text, where); {
	case err != nil:
		f.errs = append(f.errs, err)
	case (ours || typed) && !whole:
		f.fail("cannot read %s: %s", where, tooLarge)
	case ours || typed:
		f.found = append(f.found, Part{Text: text, Where: where})
	}
}

// message looks at a multipart's parts, or at the one part that a message is.
func (f *finder) message(m message, where string, depth int) {
	if depth > maxDepth {
		f.unreadable(m.body, where, tooDeep)
		return
	}
	if m.multipart() {
		if m.boundary == "" {
			f.unreadable(m.body, where, "its Content-Type has no boundary that can be read")
			return
		}
		bodies := split(m.body, m.boundary)
		if len(bodies) == 0 {
			f.unreadable(m.body, where, fmt.Sprintf("no line in it is its boundary, --%s", m.boundary))
		}
		for _, body := range bodies {
			f.message(parsePart(body), where, depth+1)
		}
		return
	}
	f.parts++
	name := ""
	if m.filename != "" {
		name = fmt.Sprintf(" (%.80q)", m.filename)
	}
	where = fmt.Sprintf("part %d%s of the MIME %s", f.parts, name, where)
	body, err := m.decode()
	switch {
	case err != nil && m.kind == "text/x-leaven":
		f.fail("cannot read %s: %w", where, err)
		return
	case err != nil:
		f.unreadable(m.body, where, err.Error())
		return
	}
	before := len(f.found)
	f.look(body, where, m.kind == "text/x-leaven", depth+1)
	if len(f.found) > before && m.cloudInits() {
		f.found = f.found[:before]
		f.fail("cannot read %s: cloud-init takes the content type %s for its own; make it text/x-shellscript", where, m.kind)
	}
}
