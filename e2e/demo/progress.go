package main

import (
	"bufio"
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

// detail passes on what a tool prints, line by line, indented.
func (p *progress) detail() io.Writer {
	r, w := io.Pipe()
	go func() {
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			p.line("   " + lines.Text())
		}
		io.Copy(io.Discard, r)
	}()
	return w
}
