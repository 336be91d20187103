package settings

import (
	"errors"
	"fmt"
	"strings"
)

// An Allow says which findings are known and accepted. Fields that are set must all fit; at least one must be set.
type Allow struct {
	Rule string // id of a rule or check
	Path string // pattern, as rules have them, for the path or a folder that it lies in
	Hash string // of the secret, as a report with the same salt gives it
}

// ParseAllow reads the form of the command line: "rule=ID,path=PATTERN,hash=HEX" with any of the three.
func ParseAllow(text string) (Allow, error) {
	var a Allow
	var last *string
	for part := range strings.SplitSeq(text, ",") {
		key, value, _ := strings.Cut(part, "=")
		switch key {
		case "rule":
			last = &a.Rule
		case "path":
			last = &a.Path
		case "hash":
			last = &a.Hash
		default:
			if last == nil {
				return a, fmt.Errorf("cannot allow %q: write rule=ID, path=PATTERN or hash=HEX, with commas between", text)
			}
			*last += "," + part // a comma in a path
			continue
		}
		if *last != "" || value == "" {
			return a, fmt.Errorf("cannot allow %q: %s must be there once, with a value", text, key)
		}
		*last = value
	}
	return a, nil
}

func (a Allow) String() string {
	var parts []string
	for _, p := range [][2]string{{"rule", a.Rule}, {"path", a.Path}, {"hash", a.Hash}} {
		if p[1] != "" {
			parts = append(parts, p[0]+"="+p[1])
		}
	}
	return strings.Join(parts, ",")
}

// Check finds what could not mean what its author thinks. Salted tells that a salt is set, with which hashes stay the same.
func (a Allow) Check(known Known, salted bool) error {
	switch {
	case a == (Allow{}):
		return errors.New("an entry of the allow list is empty: give a rule, a path or a hash")
	case a.Rule != "" && !known.has(a.Rule):
		return fmt.Errorf("the allow list names the rule %q, which does not exist: `leaven rules` lists them", a.Rule)
	case a.Path != "" && !strings.HasPrefix(a.Path, "/"):
		return fmt.Errorf("the allow list names the path %q: write an absolute one", a.Path)
	case a.Hash != "" && (len(a.Hash) != 12 || strings.Trim(a.Hash, "0123456789abcdef") != ""):
		return fmt.Errorf("the allow list has the hash %q: a hash has 12 hexadecimal digits in lower case", a.Hash)
	case a.Hash != "" && !salted:
		return fmt.Errorf("the allow list has the hash %q, but no salt is set: hashes differ from run to run without one", a.Hash)
	}
	return nil
}
