package secrets

import (
	"bytes"
	"encoding/base64"
	"strconv"
)

// escaped looks at signs of percent-encoding (RFC 3986, 2.1) and of \uXXXX and \xXX escapes, and searches the run of
// text around them once more without. Only those of signs that join names and values are looked for.
func (f *feed) escaped(start, end int) {
	if f.base+int64(start) < f.plain || f.depth >= maxDepth {
		return
	}
	floor := byte(' ') // percent-encoded text has no blanks; escaped text has, but no line ends
	if f.buf[start] == '\\' {
		floor = 0x1f
	}
	left := f.before(start, 512)
	from := len(left)
	for from > 0 && left[from-1] > floor && left[from-1] < 127 {
		from--
	}
	right := f.after(end, 8<<10)
	to := 0
	for to < len(right) && right[to] > floor && right[to] < 127 {
		to++
	}
	f.plain = f.base + int64(end+to)
	first := start - (len(left) - from)
	plain := unescape(f.buf[first : end+to])
	if len(plain) == end+to-first || f.job.spend(len(plain)) != nil {
		return
	}
	f.again(first, plain)
	if floor == ' ' && bytes.IndexByte(plain, '+') >= 0 { // forms write a blank as +
		f.again(first, unescape(bytes.ReplaceAll(f.buf[first:end+to], []byte{'+'}, []byte{' '})))
	}
}

// again searches text that was decoded from a run that starts at buf[at].
func (f *feed) again(at int, text []byte) {
	s := f.sub(at, "!escaped")
	s.binary = f.binary
	s.write(text)
	s.advance(true)
}

// unescape undoes %XX, \xXX and \u00XX.
func unescape(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		n, digits := 0, ""
		switch {
		case text[i] == '%' && i+3 <= len(text):
			n, digits = 3, string(text[i+1:i+3])
		case bytes.HasPrefix(text[i:], []byte(`\x`)) && i+4 <= len(text):
			n, digits = 4, string(text[i+2:i+4])
		case bytes.HasPrefix(text[i:], []byte(`\u00`)) && i+6 <= len(text):
			n, digits = 6, string(text[i+4:i+6])
		}
		if c, err := strconv.ParseUint(digits, 16, 8); n > 0 && err == nil {
			out = append(out, byte(c))
			i += n
			continue
		}
		out = append(out, text[i])
		i++
	}
	return out
}

// printableText: nearly all of it is what people type.
func printableText(text []byte) bool {
	odd := 0
	for _, c := range text {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' || c >= 127 {
			odd++
		}
	}
	return len(text) > 0 && odd*20 <= len(text)
}

// kubernetesSecret looks at a manifest of a Secret: the values under data are base64, those under stringData plain.
func (f *feed) kubernetesSecret(start, end int) {
	above := f.before(start, behind) // data may stand in front of kind
	if n := bytes.LastIndex(above, []byte("---\n")); n >= 0 {
		above = above[n:]
	}
	first := start - len(above)
	text := f.after(first, len(above)+16<<10)
	if n := bytes.Index(text[len(above):], []byte("\n---")); n >= 0 {
		text = text[:len(above)+n]
	}
	if f.place.level == strict {
		return
	}
	inData, indent := false, 0
	for from := 0; from < len(text); {
		to := from + bytes.IndexByte(text[from:], '\n') + 1
		if to <= from {
			to = len(text)
		}
		line := bytes.TrimRight(text[from:to], "\r\n")
		depth := len(line) - len(bytes.TrimLeft(line, " \t"))
		switch body := line[depth:]; {
		case len(body) == 0 || body[0] == '#':
		case bytes.HasPrefix(body, []byte("data:")) || bytes.HasPrefix(body, []byte("stringData:")):
			inData, indent = true, depth
		case depth <= indent:
			inData = false
		case inData:
			if colon := bytes.IndexByte(body, ':'); colon > 0 {
				if v, ok := valueAt(text, skipBlanks(text, from+depth+colon+1)); ok && secretDatum(text[v.from:v.to]) {
					f.report(f.job.s.rules["kubernetes-secret"], first+v.from, first+v.to, text[v.from:v.to])
				}
			}
		}
		from = to
	}
}

// secretDatum: base64 of something that is no placeholder, or plain text that looks like a secret.
func secretDatum(v []byte) bool {
	if plain, err := base64.StdEncoding.DecodeString(string(v)); err == nil && len(plain) >= 4 {
		return !printableText(plain) || looksSecret(bytes.TrimSpace(plain), lax)
	}
	return looksSecret(v, normal)
}
