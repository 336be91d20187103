package bake

import (
	"path"
	"strings"
)

// pattern is a path with wildcards, split at its slashes; braces and "~" are expanded before.
type pattern []segment

// segment is what a pattern says about one name.
type segment struct {
	text string // without escapes where it is not wild
	wild bool
	deep bool // "**"
}

func newPattern(p string) pattern {
	var out pattern
	for text := range strings.SplitSeq(strings.TrimPrefix(p, "/"), "/") {
		s := segment{text: text, deep: text == "**", wild: wild(text)}
		if !s.wild {
			s.text = unescape(text)
		}
		out = append(out, s)
	}
	return out
}

// literal is the name that a pattern without wildcards stands for.
func (p pattern) literal() (name string, ok bool) {
	for _, s := range p {
		if s.wild {
			return "", false
		}
		name += "/" + s.text
	}
	return name, true
}

// patterns expands braces, and "~" to each home.
func patterns(list, homes []string) []pattern {
	var out []pattern
	for _, p := range list {
		for _, one := range braces(p) {
			rest, home := strings.CutPrefix(one, "~")
			if !home {
				out = append(out, newPattern(one))
				continue
			}
			for _, h := range homes {
				out = append(out, newPattern(strings.TrimSuffix(h, "/")+rest))
			}
		}
	}
	return out
}

// braces expands "{a,b}" like a shell: to one pattern for each alternative. Braces may nest.
func braces(p string) []string {
	open := strings.IndexByte(p, '{')
	if open < 0 {
		return []string{p}
	}
	depth, start, end := 0, open+1, -1
	var alternatives []string
	for i := open; i < len(p) && end < 0; i++ {
		switch {
		case p[i] == '{':
			depth++
		case p[i] == ',' && depth == 1:
			alternatives = append(alternatives, p[start:i])
			start = i + 1
		case p[i] == '}':
			if depth--; depth == 0 {
				alternatives = append(alternatives, p[start:i])
				end = i
			}
		}
	}
	if end < 0 {
		return []string{p}
	}
	var out []string
	for _, a := range alternatives {
		out = append(out, braces(p[:open]+a+p[end+1:])...)
	}
	return out
}

// wild tells whether a segment has a wildcard that no backslash takes its meaning from.
func wild(segment string) bool {
	for i := 0; i < len(segment); i++ {
		switch segment[i] {
		case '\\':
			i++
		case '*', '?', '[':
			return true
		}
	}
	return false
}

// escape makes a path match only itself when it is used in a pattern.
func escape(name string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(name)
}

func unescape(segment string) string {
	if !strings.Contains(segment, `\`) {
		return segment
	}
	var out strings.Builder
	for i := 0; i < len(segment); i++ {
		if segment[i] == '\\' && i+1 < len(segment) {
			i++
		}
		out.WriteByte(segment[i])
	}
	return out.String()
}

// matches tells whether the segment stands for a name. Unlike in a shell "*" takes a leading dot too: dot files must go.
func (s segment) matches(name string) bool {
	switch {
	case s.deep || s.text == "*":
		return true
	case !s.wild:
		return s.text == name
	}
	ok, _ := path.Match(s.text, name) // patterns were checked when the rule was
	return ok
}

// covers tells whether the pattern matches name or a folder that name lies in.
func (p pattern) covers(name []string) bool {
	switch {
	case len(p) == 0:
		return true
	case p[0].deep:
		for i := range len(name) + 1 {
			if p[1:].covers(name[i:]) && (len(p) > 1 || i < len(name)) {
				return true
			}
		}
		return false
	case len(name) == 0:
		return false
	}
	return p[0].matches(name[0]) && p[1:].covers(name[1:])
}

// reachesBelow tells whether the pattern could match something in the folder name.
func (p pattern) reachesBelow(name []string) bool {
	switch {
	case len(p) == 0:
		return false
	case p[0].deep || len(name) == 0:
		return true
	}
	return p[0].matches(name[0]) && p[1:].reachesBelow(name[1:])
}

func anyCovers(list []pattern, name []string) bool {
	for _, p := range list {
		if p.covers(name) {
			return true
		}
	}
	return false
}
