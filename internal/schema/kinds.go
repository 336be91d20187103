package schema

import (
	"fmt"
	"io/fs"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/leaven-dev/leaven/internal/strictyaml"
)

// Mode is a file's permission bits, written in octal: "0700". Set tells 0 from not written.
type Mode struct {
	Bits fs.FileMode // as chmod(2) has them in the low nine bits; setuid, setgid and sticky are not taken
	Set  bool
}

var mode = regexp.MustCompile(`^0?[0-7]{3}$`)

func (m *Mode) decode(v *strictyaml.Value) error {
	text := v.Text()
	n, err := strconv.ParseUint(text, 8, 32)
	if err != nil || !mode.MatchString(text) {
		return fmt.Errorf("want permission bits in octal such as \"0750\" here, not %q", text)
	}
	*m = Mode{fs.FileMode(n), true}
	return nil
}

func (m *Mode) describe() map[string]any {
	return map[string]any{"anyOf": []any{
		map[string]any{"type": "string", "pattern": mode.String()},
		map[string]any{"type": "integer", "minimum": 0, "maximum": 777}, // written without quotes
	}}
}

func (m *Mode) show() any {
	if !m.Set {
		return ""
	}
	return fmt.Sprintf("%04o", m.Bits)
}

// Size is a number of bytes, written with a unit of powers of 1024: "512MiB", "20G".
type Size uint64

var size = regexp.MustCompile(`^([0-9]+) ?(?:([KMGT])(?:iB)?)?$`)

func (s *Size) decode(v *strictyaml.Value) error {
	text := v.Text()
	m := size.FindStringSubmatch(text)
	if m == nil {
		return fmt.Errorf("want a size such as 512MiB or 20G here, not %q", text)
	}
	n, err := strconv.ParseUint(m[1], 10, 64)
	shift := 0
	if m[2] != "" {
		shift = 10 * (strings.Index("KMGT", m[2]) + 1)
	}
	if err != nil || n > math.MaxInt64>>shift {
		return fmt.Errorf("the size %q is too large", text)
	}
	*s = Size(n << shift)
	return nil
}

func (s *Size) describe() map[string]any {
	return map[string]any{"type": []string{"string", "integer"}, "pattern": size.String()}
}

func (s *Size) show() any {
	n, unit := uint64(*s), 0
	for n > 0 && n%1024 == 0 && unit < 4 {
		n, unit = n/1024, unit+1
	}
	return strconv.FormatUint(n, 10) + []string{"", "KiB", "MiB", "GiB", "TiB"}[unit]
}

// Command is a program with its arguments, written as a list; or a text for the shell.
type Command struct {
	Args  []string
	Shell string
}

// Given tells whether there is one.
func (c Command) Given() bool { return len(c.Args) > 0 || c.Shell != "" }

// plainWord is a word of a text for the shell that is a program's name and no more.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./+-]+$`)

// Name is the program that is run first: what can be told of a command whose arguments may be secret.
func (c Command) Name() string {
	if len(c.Args) > 0 {
		return c.Args[0]
	}
	if words := strings.Fields(c.Shell); len(words) > 0 && plainWord.MatchString(words[0]) {
		return words[0]
	}
	return "/bin/sh" // TOKEN=secret command
}

func (c *Command) decode(v *strictyaml.Value) error {
	*c = Command{}
	if v.IsScalar() {
		c.Shell = v.Text()
	} else {
		c.Args = v.Texts()
	}
	if !c.Given() || len(c.Args) > 0 && c.Args[0] == "" {
		return fmt.Errorf("want a program with its arguments, as a list, or a text for the shell here")
	}
	return nil
}

func (c *Command) describe() map[string]any {
	return map[string]any{"oneOf": []any{
		map[string]any{"type": []string{"string", "number", "boolean"}, "minLength": 1},
		map[string]any{"type": "array", "items": scalar(), "minItems": 1},
	}}
}

func (c *Command) show() any {
	if c.Shell != "" {
		return c.Shell
	}
	return c.Args
}
