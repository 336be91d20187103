package bake

import (
	"path"
	"strings"
)

// pattern is a path with wildcards, split at its slashes; braces and "~" are expanded before.
type pattern []string

func newPattern(p string) pattern { return strings.Split(strings.TrimPrefix(p, "/"), "/") }

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
				out = append(out, newPattern(path.Join(h, rest)))
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

func wild(segment string) bool { return strings.ContainsAny(segment, `*?[\`) }

// matchName matches one name. Unlike path.Match it takes a leading dot for any other character: dot files must go too.
func matchName(segment, name string) bool {
	if segment == "**" {
		return true
	}
	ok, _ := path.Match(segment, name) // patterns were checked when the rule was
	return ok
}

// covers tells whether the pattern matches name or a folder that name lies in.
func (p pattern) covers(name []string) bool {
	switch {
	case len(p) == 0:
		return true
	case p[0] == "**":
		for i := range len(name) + 1 {
			if p[1:].covers(name[i:]) && (len(p) > 1 || i < len(name)) {
				return true
			}
		}
		return false
	case len(name) == 0:
		return false
	}
	return matchName(p[0], name[0]) && p[1:].covers(name[1:])
}

// reachesBelow tells whether the pattern could match something in the folder name.
func (p pattern) reachesBelow(name []string) bool {
	switch {
	case len(p) == 0:
		return false
	case p[0] == "**":
		return true
	case len(name) == 0:
		return true
	}
	return matchName(p[0], name[0]) && p[1:].reachesBelow(name[1:])
}
