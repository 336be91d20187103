package secrets

import "strings"

// A formatIndex finds the format of a file by its name. Most patterns name a file outright, so it asks a map first; of
// the rest, a fixed part of each pattern must be in the name before the pattern itself is tried.
type formatIndex struct {
	exact map[string][]int // last name → numbers of formats
	globs []formatGlob
	all   []format
}

type formatGlob struct {
	pattern, part string
	full          bool // for the whole path
	format        int
}

func newFormatIndex(all []format) *formatIndex {
	x := &formatIndex{exact: map[string][]int{}, all: all}
	for n, t := range all {
		for _, p := range t.files {
			switch {
			case !strings.ContainsAny(p, "*?/"):
				x.exact[p] = append(x.exact[p], n)
			default:
				x.globs = append(x.globs, formatGlob{pattern: p, part: longestPart(p), full: strings.Contains(p, "/"), format: n})
			}
		}
	}
	return x
}

// longestPart is the longest part of a pattern that stands for itself.
func longestPart(pattern string) string {
	best := ""
	for _, part := range strings.FieldsFunc(pattern, func(r rune) bool { return r == '*' || r == '?' }) {
		if len(part) > len(best) {
			best = part
		}
	}
	return best
}

// find returns the first format that fits; nil when none does.
func (x *formatIndex) find(path, base string) *format {
	best := len(x.all)
	for _, n := range x.exact[base] {
		best = min(best, n)
	}
	name := strings.ToLower(path[:strings.LastIndexByte(path, '/')+1]) + base
	if !strings.HasPrefix(name, "/") {
		name = "/" + name
	}
	for _, g := range x.globs {
		subject := base
		if g.full {
			subject = name
		}
		if g.format < best && strings.Contains(subject, g.part) && globMatch(g.pattern, subject) {
			best = g.format
		}
	}
	if best == len(x.all) {
		return nil
	}
	return &x.all[best]
}
