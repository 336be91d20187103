package remote

import (
	"io"
	"strings"
)

// asRoot turns words into what runs them as root, and what that reads from standard input.
//
// The password goes to sudo on standard input alone: command lines are seen by every user of the far side and are in
// Packer's log. `-k` makes sudo read it even where it remembers an earlier one, so that it never stays in the pipe for the
// command, and makes it remember nothing.
func (m *Machine) asRoot(words ...string) ([]string, io.Reader) {
	switch {
	case m.facts.UID == 0:
		return words, nil
	case m.facts.FreeSudo:
		return append([]string{m.facts.Sudo, "-n", "--"}, words...), nil
	default:
		return append([]string{m.facts.Sudo, "-k", "-S", "-p", "", "--"}, words...), strings.NewReader(m.opts.Password + "\n")
	}
}
