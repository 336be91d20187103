// Package plain makes text of unknown origin fit for people's terminals: names of steps and messages come from user data and from
// programs, and may hold escape sequences.
//
// Not for what machines read: it is not reversible. Use JSON, or bake.Quote for paths.
package plain

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Line returns text as one line that a terminal shows as it is. Line ends and tabs become spaces; other characters that cannot be
// printed, among them those that turn the direction of writing, are written as \xNN or \u{N}.
func Line(text string) string {
	var b strings.Builder
	for i, r := range text {
		switch {
		case r == '\n', r == '\r', r == '\t':
			b.WriteByte(' ')
		case r == utf8.RuneError && !strings.HasPrefix(text[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case !unicode.IsPrint(r): // among them Cf, as U+202E
			fmt.Fprintf(&b, `\u{%x}`, r)
		default:
			b.WriteRune(r)
		}
	}
	return strings.TrimSpace(b.String())
}

// Wrap breaks a line at spaces so that none is wider than width, counted in characters. A word that is wider stays whole: it may
// be a command to copy.
func Wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	if line == "" && len(lines) > 0 {
		return lines
	}
	return append(lines, line)
}

// Cut shortens a line to width characters; what is missing shows as "…".
func Cut(text string, width int) string {
	if utf8.RuneCountInString(text) <= width {
		return text
	}
	return string([]rune(text)[:max(width-1, 0)]) + "…"
}
