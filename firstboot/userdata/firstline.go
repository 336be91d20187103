package userdata

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"path"
	"slices"
	"strings"
)

// FirstLine makes user data Leaven's. To YAML it is a comment; cloud-init runs the text as a script, and so starts us.
const FirstLine = "#!/usr/bin/leaven firstboot --config"

// encodedShebang is how ours begins in base64, up to the last whole group: "#!/usr/bin/leav".
var encodedShebang = []byte(base64.StdEncoding.EncodeToString([]byte(FirstLine))[:20])

// judge tells whether a text is ours by its first line. One that comes near is an error: it was meant for us.
func judge(text []byte, where string) (ours bool, err error) {
	late := false
	for len(text) > 0 {
		line, rest, _ := bytes.Cut(text, []byte("\n"))
		if len(line) > 4096 {
			return false, nil
		}
		words := strings.Fields(string(line))
		if len(words) == 0 {
			text, late = rest, true
			continue
		}
		return verdict(string(line), words, where, late)
	}
	return false, nil
}

func verdict(line string, words []string, where string, late bool) (bool, error) {
	if words[0] == "#!" && len(words) > 1 { // as execve(2) allows
		words = append([]string{"#!" + words[1]}, words[2:]...)
	}
	exact := line[0] == '#' && strings.Join(words, " ") == FirstLine
	switch {
	case exact && late:
		return false, fmt.Errorf("cannot read %s: blank lines come before `%s`, which must be the first line", where, FirstLine)
	case exact:
		return true, nil
	case near(words):
		return false, fmt.Errorf("cannot read %s: its first line is %.120q and must be `%s`", where, line, FirstLine)
	}
	return false, nil
}

// near tells a first line that was meant to be ours: our program in a shebang that is not quite right, or our command where
// the shebang should be.
func near(words []string) bool {
	line := strings.ToLower(strings.Join(words, " "))
	command := strings.TrimLeft(line, "#! ")
	words = strings.Fields(command)
	isUs := func(word string) bool { return path.Base(word) == "leaven" }
	if len(words) > 1 && isUs(words[0]) && words[1] == "firstboot" {
		return true
	}
	if !strings.Contains(line[:len(line)-len(command)], "!") {
		return false // a comment about something
	}
	return slices.ContainsFunc(words, isUs) || strings.Contains(command, "firstboot --config")
}

// mentions tells whether something that cannot be taken apart has to do with us.
func mentions(data []byte) bool {
	for _, sign := range [][]byte{[]byte("/leaven firstboot"), []byte("text/x-leaven"), encodedShebang} {
		if bytes.Contains(data, sign) {
			return true
		}
	}
	return false
}
