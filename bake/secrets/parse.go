package secrets

import "bytes"

// A value is the right side of an assignment: text[from:to].
type value struct {
	from, to int
	bare     bool // without quotes
	spaced   bool // only blanks stand between it and the name
	tag      bool // the text of an XML element
}

// valueAfter finds the value of a name that ends at text[at]. It knows = : := => -> and their kin, JSON's and YAML's
// forms, subscripts (cfg['a']['b'] =), define('A', 'b'), typed declarations (a: str = "b"), XML elements and attributes, and
// pairs (name: A, value: b).
func valueAfter(text []byte, at int) (v value, ok bool) {
	i, quoted := skipQuote(text, at)
	for i < len(text) && text[i] == ']' {
		i, quoted = i+1, true
	}
	if quoted && i < len(text) && text[i] == ')' { // os.environ.setdefault, getattr and the like read, they do not hold
		return v, false
	}
	j := skipBlanks(text, i)
	if j >= len(text) {
		return v, false
	}
	if k := skipPair(text, i); k > 0 {
		return valueAt(text, skipBlanks(text, k))
	}
	switch c := text[j]; {
	case c == '=':
		j = skipAny(text, j+1, ">")
		if j < len(text) && (text[j] == '=' || text[j] == '~') {
			return v, false
		}
	case c == ':':
		j++
		if n := skipAny(text, j, ":"); n < len(text) && text[n] == '=' { // ::= of grammars, :::= of ASN.1's kin
			j = n
		}
		if j < len(text) && (text[j] == '=' || text[j] == '>') {
			j++
		} else if j < len(text) && (text[j] == ':' || text[j] == '/') {
			return v, false
		} else if typed := skipType(text, j); typed > 0 {
			j = typed
		}
	case (c == '?' || c == '+' || c == '|' || c == '.') && j+1 < len(text) && bytes.HasPrefix(bytes.TrimLeft(text[j:min(len(text), j+3)], "?+|."), []byte("=")):
		j += 1 + bytes.IndexByte(text[j:], '=')
	case c == ',' && quoted:
		if v, ok = valueAt(text, skipBlanks(text, j+1)); v.bare {
			return v, false
		}
		return v, ok
	case c == '>' && !quoted:
		return element(text, j+1)
	case c == '<' && !quoted: // <key>Password</key><string>…, <name>password</name><value>…
		if n := bytes.IndexByte(text[j:min(len(text), j+96)], '>'); n > 0 && text[j+1] == '/' {
			return element(text, j+n+1)
		}
		return v, false
	case j > i:
		if n := bytes.IndexAny(text[j:min(len(text), j+160)], "<>\n"); n > 0 && text[j+n] == '>' && text[j+n-1] == '"' {
			return element(text, j+n+1) // an element with attributes
		}
		if typed := skipType(text, j); typed > 0 { // var a string = "b"
			return valueAt(text, skipBlanks(text, typed))
		}
		v, ok = valueAt(text, j)
		v.spaced = true
		return v, ok
	default:
		return v, false
	}
	return valueAt(text, skipBlanks(text, j))
}

// element is the text of an XML element that begins at text[at], or of the only element in it.
func element(text []byte, at int) (v value, ok bool) {
	for _, tag := range [...]string{"<value>", "<string>"} {
		inner := bytes.TrimLeft(text[at:], " \t\r\n")
		if len(inner) > len(tag) && foldPrefix(inner, tag) {
			at = len(text) - len(inner) + len(tag)
		}
	}
	n := bytes.IndexByte(text[at:min(len(text), at+maxValue)], '<')
	if n <= 0 || !bytes.HasPrefix(text[at+n:], []byte("</")) && !bytes.HasPrefix(text[at+n:], []byte("<![CDATA[")) {
		return v, false
	}
	inner := text[at : at+n]
	from := at + len(inner) - len(bytes.TrimLeft(inner, " \t\r\n"))
	return value{from: from, to: from + len(bytes.TrimSpace(inner)), bare: true, tag: true}, true
}

// valueAt takes a quoted or bare value that begins at text[at].
func valueAt(text []byte, at int) (v value, ok bool) {
	at = skipPrefix(text, at)
	from, quoted := skipQuote(text, at)
	if !quoted {
		if at < len(text) && (text[at] == '|' || text[at] == '>') { // a YAML block: the value is the next line
			if n := bytes.IndexByte(text[at:min(len(text), at+4)], '\n'); n > 0 {
				at = skipBlanks(text, at+n+1)
			}
		}
		to := at
		for to < len(text) && to < at+maxValue && text[to] > ' ' && text[to] != 127 {
			to++
		}
		to = at + len(bytes.TrimRight(text[at:to], ";,"))
		if n := bytes.Index(text[at:to], []byte(`\n`)); n >= 0 {
			to = at + n
		}
		return value{from: at, to: to, bare: true}, to > at
	}
	quote := text[at:from]
	for to := from; to < len(text) && to < from+maxValue && text[to] != '\n'; to++ {
		if bytes.HasPrefix(text[to:], quote) {
			if quote[0] == '`' && bytes.IndexByte(text[from:to], ' ') >= 0 { // a command of a shell
				return v, false
			}
			return value{from: from, to: to}, to > from
		}
		if text[to] == '\\' && len(quote) == 1 {
			to++
		}
	}
	return v, false
}

// skipQuote steps over one quotation mark, plain, escaped or as an XML entity.
func skipQuote(text []byte, at int) (int, bool) {
	if at >= len(text) {
		return at, false
	}
	switch text[at] {
	case '"', '\'', '`':
		return at + 1, true
	case '\\', '&':
		for _, mark := range [...]string{`\"`, `\'`, `\\\"`, `\u0022`, `\u0027`, "&quot;", "&#34;", "&#39;", "&apos;"} {
			if bytes.HasPrefix(text[at:], []byte(mark)) {
				return at + len(mark), true
			}
		}
	}
	return at, false
}

// skipPrefix steps over what languages put in front of a string: b"", r"", @"", YAML's !!str, Go's []byte(.
func skipPrefix(text []byte, at int) int {
	for _, call := range [...]string{"[]byte(", "!!str ", "!!binary ", "b64decode("} {
		if bytes.HasPrefix(text[at:], []byte(call)) {
			return at + len(call)
		}
	}
	for n := 1; n <= 2 && at+n < len(text); n++ {
		if !bytes.ContainsRune([]byte("bBrRuUfFL@"), rune(text[at+n-1])) {
			break
		}
		if text[at+n] == '"' || text[at+n] == '\'' {
			return at + n
		}
	}
	return at
}

// skipType steps over a type and the = behind it; 0 when there is none.
func skipType(text []byte, at int) int {
	i := skipBlanks(text, at)
	start := i
	for i < len(text) && i < start+32 && (isAlnum(text[i]) || bytes.IndexByte([]byte("_.[]|?&*' "), text[i]) >= 0) {
		i++
	}
	if i == start || i+1 >= len(text) || text[i] != '=' {
		return 0
	}
	if _, quoted := skipQuote(text, skipPrefix(text, skipBlanks(text, i+1))); !quoted {
		return 0
	}
	return i + 1
}

// skipPair steps over the middle of {"name": "A", "value": "b"}, of the same in YAML, and of <x name="A" value="b"/>; 0
// when there is none.
func skipPair(text []byte, at int) int {
	i := skipAny(text, at, ", \t\r\n")
	if i == at || i > at+80 {
		return 0
	}
	rest := bytes.TrimPrefix(text[i:], []byte{'"'})
	if len(rest) < 6 || !bytes.EqualFold(rest[:5], []byte("value")) {
		return 0
	}
	i = len(text) - len(rest) + 5
	i, _ = skipQuote(text, i)
	i = skipBlanks(text, i)
	if i >= len(text) || text[i] != ':' && text[i] != '=' {
		return 0
	}
	return i + 1
}

func skipBlanks(text []byte, at int) int {
	for end := min(len(text), at+64); at < end && (text[at] == ' ' || text[at] == '\t'); {
		at++
	}
	return at
}

func skipAny(text []byte, at int, set string) int {
	for at < len(text) && bytes.IndexByte([]byte(set), text[at]) >= 0 {
		at++
	}
	return at
}
