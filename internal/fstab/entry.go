package fstab

import (
	"fmt"
	"path"
	"strings"
)

// Tag is the option that marks Leaven's own lines.
const Tag = "x-leaven"

// Entry is what a line says. The fields are without escapes.
type Entry struct {
	Source  string // device, UUID=..., host:/path
	Point   string // where it is mounted; "none" for swap
	Type    string // "" where a broken line has none
	Options string // between commas; "" is none
	Freq    int    // for dump(8), which nobody uses
	Pass    int    // the order of fsck(8); 0 for never
}

// Ours tells whether Leaven wrote the line.
func (e Entry) Ours() bool { return e.Has(Tag) }

// Has tells whether an option is there, with or without a value.
func (e Entry) Has(option string) bool {
	for _, o := range SplitOptions(e.Options) {
		if name, _, _ := strings.Cut(o, "="); name == option {
			return true
		}
	}
	return false
}

// At tells whether the entry is mounted at a path.
func (e Entry) At(point string) bool {
	return strings.HasPrefix(e.Point, "/") && path.Clean(e.Point) == path.Clean(point)
}

// String is the line, without its end.
func (e Entry) String() string {
	options := e.Options
	if options == "" {
		options = "defaults"
	}
	source := escape(e.Source)
	if strings.HasPrefix(source, "#") {
		source = `\043` + source[1:] // it would be a comment
	}
	return fmt.Sprintf("%s %s %s %s %d %d", source, escape(e.Point), escape(e.Type), escape(options), e.Freq, e.Pass)
}

// check refuses what cannot be written so that it is read as the same again.
func (e Entry) check() error {
	for _, f := range []struct{ name, text string }{{"source", e.Source}, {"mount point", e.Point}, {"type", e.Type}} {
		if f.text == "" {
			return fmt.Errorf("cannot write a line to fstab without a %s", f.name)
		}
	}
	// getmntent(3) reads lines into a buffer of 4096 bytes and drops the rest.
	if line := e.String(); len(line) > 4000 || strings.ContainsAny(line, "\x00\r") {
		return fmt.Errorf("cannot write the mount at %q to fstab: programs cannot read lines of more than 4000 bytes or with zero bytes or carriage returns", e.Point)
	}
	return nil
}

// SplitOptions splits options at their commas. A comma in double quotes is a part of a value (mount(8), "context=").
func SplitOptions(options string) []string {
	var all []string
	start, quoted := 0, false
	for i := 0; i <= len(options); i++ {
		switch {
		case i == len(options) || options[i] == ',' && !quoted:
			if i > start {
				all = append(all, options[start:i])
			}
			start = i + 1
		case options[i] == '"':
			quoted = !quoted
		}
	}
	return all
}

// escape writes a field as fstab(5) wants it.
func escape(field string) string {
	var b strings.Builder
	for i := range len(field) {
		switch c := field[i]; c {
		case ' ', '\t', '\n', '\\':
			fmt.Fprintf(&b, `\%03o`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// unescape is the reverse: a backslash and three octal digits are a byte; any other backslash stands for itself.
func unescape(field string) string {
	if !strings.Contains(field, `\`) {
		return field
	}
	var b strings.Builder
	for i := 0; i < len(field); i++ {
		if field[i] == '\\' && i+3 < len(field) && octal(field[i+1:i+4]) && field[i+1] < '4' {
			b.WriteByte((field[i+1]-'0')<<6 | (field[i+2]-'0')<<3 | (field[i+3] - '0'))
			i += 3
			continue
		}
		b.WriteByte(field[i])
	}
	return b.String()
}

func octal(digits string) bool { return strings.Trim(digits, "01234567") == "" }
