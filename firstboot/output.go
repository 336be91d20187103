package firstboot

import (
	"fmt"

	"github.com/leaven-dev/leaven/internal/journal"
	"github.com/leaven-dev/leaven/internal/plain"
)

// output passes what a command prints on, line by line: the first ones as they come, and of those beyond, the last ones at the
// end. The journal drops what a unit sends beyond 10,000 entries in 30 s (journald.conf(5), RateLimitBurst=), and the verdict must
// not be among that.
type output struct {
	step  string
	log   func(journal.Entry)
	rest  []byte
	lines int
	tail  []string
}

const (
	longestLine = 8 << 10 // bytes; a longer line is broken
	firstLines  = 2000
	lastLines   = 100
)

func (o *output) Write(data []byte) (int, error) {
	for _, c := range data {
		if c == '\n' || len(o.rest) == longestLine {
			o.flush()
		}
		if c != '\n' {
			o.rest = append(o.rest, c)
		}
	}
	return len(data), nil
}

// flush ends a line.
func (o *output) flush() {
	if len(o.rest) == 0 {
		return
	}
	text := plain.Line(string(o.rest))
	o.rest = o.rest[:0]
	if o.lines++; o.lines <= firstLines {
		o.say(text)
		return
	}
	if len(o.tail) == lastLines {
		o.tail = o.tail[1:]
	}
	o.tail = append(o.tail, text)
}

// close passes on what is left.
func (o *output) close() {
	o.flush()
	if left := o.lines - firstLines - len(o.tail); left > 0 {
		o.say(fmt.Sprintf("… %s left out", count(left, "line")))
	}
	for _, text := range o.tail {
		o.say(text)
	}
}

func (o *output) say(text string) {
	o.log(journal.Entry{Message: o.step + ": " + text, Stage: string(Provision), Step: o.step, Output: true})
}
