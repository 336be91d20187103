package secrets

import (
	"bytes"
	"regexp"
	"sync"
)

// eachLine calls do with the limits of each line that is neither blank nor a comment.
func eachLine(text []byte, do func(from, to int)) {
	for from := 0; from < len(text); {
		to := from + bytes.IndexByte(text[from:], '\n')
		if to < from {
			to = len(text)
		}
		line := bytes.TrimSpace(text[from:to])
		if len(line) > 0 && line[0] != '#' && line[0] != ';' && !bytes.HasPrefix(line, []byte("//")) {
			start := from + bytes.Index(text[from:to], line)
			do(start, start+len(line))
		}
		from = to + 1
	}
}

// whole: the first line is the secret.
func whole(text []byte, found func(from, to int)) {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	done := false
	eachLine(text, func(from, to int) {
		if !done && !bytes.ContainsAny(text[from:to], " \t") {
			found(from, to)
		}
		done = true
	})
}

// column: the nth field of each line, from 0, fields being cut at sep; a blank stands for any white space. The last
// field takes the rest of the line.
func column(n int, sep byte) reader {
	return func(text []byte, found func(from, to int)) {
		eachLine(text, func(from, to int) {
			fields := cutFields(text, from, to, sep, n+1)
			if len(fields) > n {
				found(unquote(text, fields[n][0], fields[n][1]))
			}
		})
	}
}

// userColumn: like column, the field being user:password.
func userColumn(n int, sep byte) reader {
	return func(text []byte, found func(from, to int)) {
		column(n, sep)(text, func(from, to int) {
			if colon := bytes.IndexByte(text[from:to], ':'); colon >= 0 {
				found(from+colon+1, to)
			}
		})
	}
}

// cutFields cuts text[from:to] into fields. A quoted field may hold sep. With a blank, the last is cut too; a backslash
// takes the next byte into the field.
func cutFields(text []byte, from, to int, sep byte, most int) (fields [][2]int) {
	for from < to && len(fields) < most {
		if sep == ' ' {
			for from < to && (text[from] == ' ' || text[from] == '\t') {
				from++
			}
		}
		i := from
		for quote := byte(0); i < to; i++ {
			c := text[i]
			if quote == 0 && (c == sep || sep == ' ' && c == '\t') && !(len(fields) == most-1 && sep != ' ') {
				break
			}
			switch {
			case c == '\\' && sep != ' ':
				i++
			case quote == 0 && (c == '"' || c == '\'') && i == from:
				quote = c
			case c == quote:
				quote = 0
			}
		}
		fields = append(fields, [2]int{from, min(i, to)})
		from = i + 1
	}
	return fields
}

func unquote(text []byte, from, to int) (int, int) {
	if to-from >= 2 && (text[from] == '"' || text[from] == '\'') && text[to-1] == text[from] {
		return from + 1, to - 1
	}
	return from, to
}

// lastColumn: the last field of each line, cut at blanks, or at colons where there is no blank.
func lastColumn(text []byte, found func(from, to int)) {
	eachLine(text, func(from, to int) {
		cut := bytes.LastIndexAny(text[from:to], " \t")
		if cut < 0 {
			cut = bytes.LastIndexByte(text[from:to], ':')
		}
		if cut >= 0 {
			found(unquote(text, from+cut+1, to))
		}
	})
}

// secondLine: a user's name, then the password.
func secondLine(text []byte, found func(from, to int)) {
	n := 0
	eachLine(text, func(from, to int) {
		if n++; n == 2 {
			found(from, to)
		}
	})
}

// content: the file as it is, for those that only obscure what they hold.
func content(text []byte, found func(from, to int)) { found(0, min(len(text), maxValue)) }

// lines: the first group that takes part in a match of the expression, line by line.
func lines(expr string) reader {
	re := sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
	return func(text []byte, found func(from, to int)) {
		eachLine(text, func(from, to int) {
			for _, m := range re().FindAllSubmatchIndex(text[from:to], 8) {
				for i := 2; i < len(m); i += 2 {
					if m[i] >= 0 {
						found(from+m[i], from+m[i+1])
						break
					}
				}
			}
		})
	}
}

// anyOf reads with each of the readers.
func anyOf(readers ...reader) reader {
	return func(text []byte, found func(from, to int)) {
		for _, read := range readers {
			read(text, found)
		}
	}
}

// unbraced takes the braces off values, which Maven puts around encrypted ones.
func unbraced(read reader) reader {
	return func(text []byte, found func(from, to int)) {
		read(text, func(from, to int) {
			if to-from > 16 && text[from] == '{' && text[to-1] == '}' {
				from, to = from+1, to-1
			}
			found(from, to)
		})
	}
}

// readNetrc: netrc(5), words in any number of lines; the word behind "password" is one, whatever it looks like. A macro
// lasts until a blank line.
func readNetrc(text []byte, found func(from, to int)) {
	expecting := false
	for i := 0; i < len(text); {
		for i < len(text) && (text[i] <= ' ' || text[i] == ',') {
			i++
		}
		start := i
		if start < len(text) && (text[i] == '"' || text[i] == '\'') {
			for i++; i < len(text) && text[i] != text[start] && text[i] != '\n'; i++ {
			}
			i = min(i+1, len(text))
		}
		for i < len(text) && text[i] > ' ' {
			i++
		}
		switch word := text[start:i]; {
		case expecting:
			found(unquote(text, start, i))
			expecting = false
		case bytes.HasPrefix(word, []byte{'#'}):
			for i < len(text) && text[i] != '\n' {
				i++
			}
		default:
			expecting = bytes.EqualFold(word, []byte("password")) || bytes.EqualFold(word, []byte("account"))
		}
	}
}

// keys: the values of these names, in any notation of assignments, in XML, and after a blank. A name may have a prefix
// that ends in a sign (//registry.example/:_authToken, spring.password).
func keys(names ...string) reader {
	return func(text []byte, found func(from, to int)) {
		for i := 0; i < len(text); {
			if !nameByte(text[i]) {
				i++
				continue
			}
			start := i
			for i < len(text) && nameByte(text[i]) {
				i++
			}
			if !oneOf(text[start:i], names) || lineIsComment(text, start) || inComment(text[:start]) {
				continue
			}
			if v, ok := valueAfter(text, i); ok && v.to > v.from {
				if v.spaced && v.bare && inValue(text, start) {
					continue
				}
				if v.bare && !v.tag {
					v.to = bareEnd(text, v)
				}
				found(v.from, v.to)
				i = v.to
			}
		}
	}
}

// oneOf: the name is one of names, or ends in one behind a sign.
func oneOf(name []byte, names []string) bool {
	for _, n := range names {
		if foldSuffix(name, n) && (len(name) == len(n) || !isAlnum(name[len(name)-len(n)-1]) || n[0] == '_') {
			return true
		}
	}
	return false
}

// bareEnd extends a bare value that may hold blanks to the line's end in "name = value" files, and cuts it in lists.
func bareEnd(text []byte, v value) int {
	if n := bytes.IndexAny(text[v.from:v.to], "}<"); n > 0 && bytes.IndexByte(text[v.from:v.from+n], '{') < 0 {
		return v.from + n
	}
	return v.to
}

// inValue: the line has a separator before text[at], so what stands there is no name.
func inValue(text []byte, at int) bool {
	return bytes.ContainsAny(text[bytes.LastIndexByte(text[:at], '\n')+1:at], "=:")
}

func lineIsComment(text []byte, at int) bool {
	line := bytes.TrimLeft(text[bytes.LastIndexByte(text[:at], '\n')+1:at], " \t")
	return len(line) > 0 && (line[0] == '#' || line[0] == ';' || bytes.HasPrefix(line, []byte("//")) && bytes.HasPrefix(line, []byte("// ")) || bytes.HasPrefix(line, []byte("<!--")))
}
