package secrets

import (
	"errors"
	"fmt"
	"strings"
)

// An Allow says which hits are known and accepted. Fields that are set must all match; at least one must be set.
type Allow struct {
	Rule string // id of a rule
	Path string // pattern for the path as reports write it: * within one name, ** over several, ? for one character
	Hash string // Sum of the value with the salt of Options
}

// check finds entries that could not mean what their author thinks.
func (a Allow) check(rules map[string]*rule, salted bool) error {
	if a == (Allow{}) {
		return errors.New("an entry of the allow list is empty: give a rule, a path or a hash")
	}
	if a.Rule != "" && rules[a.Rule] == nil {
		return fmt.Errorf("the allow list names the rule %q, which does not exist: see `leaven rules`", a.Rule)
	}
	if a.Hash == "" {
		return nil
	}
	if len(a.Hash) != 12 || strings.Trim(a.Hash, "0123456789abcdef") != "" {
		return fmt.Errorf("the allow list has the hash %q: a hash is 12 lower-case hex digits", a.Hash)
	}
	if !salted {
		return errors.New("the allow list names a hash, but there is no salt: hashes differ from run to run without one")
	}
	return nil
}

func (a Allow) covers(path string, h Hit) bool {
	return (a.Rule == "" || a.Rule == h.Rule) &&
		(a.Hash == "" || a.Hash == h.Hash) &&
		(a.Path == "" || globMatch(a.Path, quote(path)))
}

// globMatch has no escapes and no classes: the names of tokens and backslashes in \xNN stand for themselves.
func globMatch(pattern, name string) bool {
	for pattern != "" {
		switch {
		case strings.HasPrefix(pattern, "**"):
			rest := strings.TrimLeft(pattern, "*")
			for i := range len(name) + 1 {
				if globMatch(rest, name[i:]) {
					return true
				}
			}
			return false
		case pattern[0] == '*':
			for i := 0; ; i++ {
				if globMatch(pattern[1:], name[i:]) {
					return true
				}
				if i == len(name) || name[i] == '/' {
					return false
				}
			}
		case name == "" || pattern[0] != name[0] && (pattern[0] != '?' || name[0] == '/'):
			return false
		}
		pattern, name = pattern[1:], name[1:]
	}
	return name == ""
}

// quote writes a path as reports do: bytes that are not printable ASCII, and backslashes, become \xNN.
func quote(path string) string {
	var out strings.Builder
	for i := range len(path) {
		if c := path[i]; c < ' ' || c > '~' || c == '\\' {
			fmt.Fprintf(&out, `\x%02x`, c)
		} else {
			out.WriteByte(c)
		}
	}
	return out.String()
}
