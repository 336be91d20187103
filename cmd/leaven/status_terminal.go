package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/leaven-dev/leaven/internal/plain"
)

// terminal is what text is written for.
type terminal struct {
	width   int  // in characters; 0 is no terminal: nothing is wrapped, so that a line stays a line
	color   bool // on a terminal, unless NO_COLOR (no-color.org) or TERM says otherwise
	unicode bool
}

func terminalOf(w io.Writer) terminal {
	t := terminal{unicode: utf8Locale()}
	f, ok := w.(*os.File)
	if !ok {
		return t
	}
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil { // no terminal
		return t
	}
	t.width = int(size.Col)
	if t.width == 0 { // a serial line does not know
		t.width = 80
	}
	t.color = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && os.Getenv("TERM") != ""
	return t
}

// utf8Locale tells whether the locale's encoding is UTF-8 (locale(7): the first of the three that is set counts).
func utf8Locale() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := os.Getenv(name); v != "" {
			v = strings.ToLower(v)
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return false
}

// The colours, as parameters of SGR (console_codes(4)).
const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
	blue   = "34"
)

// paint colours text, where colours are wanted.
func (t terminal) paint(color, text string) string {
	if !t.color || color == "" || text == "" {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

// progress is a line on a terminal that is written over and over. Elsewhere it is nothing.
type progress struct {
	w     io.Writer
	width int
	shown string
}

func newProgress(w io.Writer) *progress {
	return &progress{w: w, width: terminalOf(w).width}
}

func (p *progress) show(text string) {
	text = plain.Cut(plain.Line(text), p.width-1) // a full line would wrap
	if p.width == 0 || text == p.shown {
		return
	}
	p.shown = text
	fmt.Fprintf(p.w, "\r\x1b[K%s", text)
}

func (p *progress) clear() {
	if p.shown != "" {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = ""
	}
}
