package bake

import (
	"fmt"
	"path"
	"strings"
)

// pattern is a path with wildcards, split at its slashes, without braces.
type pattern []segment

// segment is what a pattern says about one name.
type segment struct {
	text string // without escapes where it is not wild
	wild bool
	deep bool // "**"

	// What most wildcards are: a beginning, "*", and an end.
	simple     bool
	head, tail string
}

func newPattern(p string) pattern {
	p = strings.TrimPrefix(p, "/")
	out := make(pattern, 0, 1+strings.Count(p, "/"))
	for text := range strings.SplitSeq(p, "/") {
		s := segment{text: text, deep: text == "**", wild: wild(text)}
		if !s.wild {
			s.text = unescape(text)
		} else if head, tail, _ := strings.Cut(text, "*"); !strings.ContainsAny(head+tail, `*?[\`) {
			s.simple, s.head, s.tail = true, head, tail
		}
		out = append(out, s)
	}
	return out
}

// place is a pattern that begins at the top of the tree or, where the rule wrote "~", in each home.
type place struct {
	home bool
	path pattern
}

// places expands braces. What is no pattern is an error.
func places(list []string) ([]place, error) {
	var out []place
	for _, p := range list {
		for _, one := range braces(p) {
			if err := checkPattern(one); err != nil {
				return nil, fmt.Errorf("pattern %q %w", p, err)
			}
			rest, home := strings.CutPrefix(one, "~")
			out = append(out, place{home: home, path: newPattern(rest)})
		}
	}
	return out, nil
}

// absolute are the places as patterns that begin at the top.
func absolute(list []place, homes []*node) []pattern {
	var out []pattern
	for _, p := range list {
		if !p.home {
			out = append(out, p.path)
			continue
		}
		for _, h := range homes {
			var full pattern
			for _, name := range h.parts() {
				full = append(full, segment{text: name})
			}
			out = append(out, append(full, p.path...))
		}
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
	case s.deep || s.wild && s.text == "*":
		return true
	case !s.wild:
		return s.text == name
	case s.simple:
		return len(name) >= len(s.head)+len(s.tail) && strings.HasPrefix(name, s.head) && strings.HasSuffix(name, s.tail)
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
