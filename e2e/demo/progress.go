package main

import (
	"bytes"
	"fmt"
	"io"
	"time"
)

// progress tells what the demo does, with the time since it began in front of every line.
type progress struct {
	out   io.Writer
	began time.Time
	steps int
}

func newProgress(out io.Writer) *progress { return &progress{out: out, began: time.Now()} }

func (p *progress) step(title string) {
	p.steps++
	p.line(fmt.Sprintf("== %d. %s", p.steps, title))
}

func (p *progress) line(text string) {
	fmt.Fprintf(p.out, "[%4.0fs] %s\n", time.Since(p.began).Seconds(), text)
}

// detail passes on what a tool prints, line by line, indented. What has no end of a line yet waits for it.
func (p *progress) detail() io.Writer { return &detail{p: p} }

type detail struct {
	p    *progress
	rest []byte
}

func (d *detail) Write(text []byte) (int, error) {
	d.rest = append(d.rest, text...)
	for {
		line, rest, whole := bytes.Cut(d.rest, []byte("\n"))
		if !whole {
			return len(text), nil
		}
		d.p.line("   " + string(line))
		d.rest = rest
	}
}
