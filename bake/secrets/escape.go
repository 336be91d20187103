package secrets

import (
	"bytes"
	"encoding/base64"
	"strconv"
)

// escaped looks at signs of percent-encoding (RFC 3986, 2.1), of \uXXXX and \xXX escapes, of mail's =XX (RFC 2045, 6.7) and
// of XML's &#NN;, and searches the run of text around them once more without. Only those of signs that join names and values
// are looked for.
func (f *feed) escaped(start, end int) {
	if f.base+int64(start) < f.plain || f.depth >= maxDepth {
		return
	}
	floor := byte(' ') // percent-encoded text has no blanks; escaped text has, but no line ends
	sign := f.buf[start]
	if sign != '%' {
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
	plain := unescape(f.buf[first:end+to], sign)
	if len(plain) == end+to-first || f.job.spend(len(plain)) != nil {
		return
	}
	f.again(first, plain)
	if floor == ' ' && bytes.IndexByte(plain, '+') >= 0 { // forms write a blank as +
		f.again(first, unescape(bytes.ReplaceAll(f.buf[first:end+to], []byte{'+'}, []byte{' '}), sign))
	}
}

// again searches text that was decoded from a run that starts at buf[at].
func (f *feed) again(at int, text []byte) {
	s := f.sub(at, "!escaped")
	s.binary = f.binary
	s.write(text)
	s.advance(true)
}

// unescape undoes escapes of the kind that the sign begins: %XX, =XX, \xXX and \u00XX, &#NN; and &#xNN;.
func unescape(text []byte, sign byte) []byte {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		if text[i] == sign {
			if c, n := escape(text[i:]); n > 0 {
				out = append(out, c)
				i += n
				continue
			}
		}
		out = append(out, text[i])
		i++
	}
	return out
}

// escape reads one; n is its length, 0 where there is none.
func escape(text []byte) (c byte, n int) {
	from, to, base := 1, 3, 16
	switch {
	case bytes.HasPrefix(text, []byte(`\x`)):
		from, to = 2, 4
	case bytes.HasPrefix(text, []byte(`\u00`)):
		from, to = 4, 6
	case text[0] == '\\':
		return 0, 0
	case text[0] == '&':
		to = bytes.IndexByte(text[:min(len(text), 8)], ';')
		if to < 3 || text[1] != '#' {
			return 0, 0
		}
		if from, base = 2, 10; text[2] == 'x' || text[2] == 'X' {
			from, base = 3, 16
		}
		n = 1
	}
	if to > len(text) {
		return 0, 0
	}
	v, err := strconv.ParseUint(string(text[from:to]), base, 8)
	if err != nil {
		return 0, 0
	}
	return byte(v), to + n
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
