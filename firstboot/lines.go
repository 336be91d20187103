package firstboot

import (
	"time"

	"github.com/leaven-dev/leaven/internal/journal"
)

// lines writes to the console beside the work: a serial line passes about 11 bytes a millisecond, and what a boot waits for must
// not wait for that.
type lines struct {
	queue chan string
	done  chan struct{}
}

// consoleGrace is how long the end of a stage waits for the console.
const consoleGrace = 2 * time.Second

// console begins to write lines to the console, if there is one. A line that finds the queue full is left out; the journal has it.
func (a *Agent) console() *lines {
	l := &lines{queue: make(chan string, 64), done: make(chan struct{})}
	go func() {
		defer close(l.done)
		for text := range l.queue {
			if a.Console != nil && a.Console([]byte(text+"\n")) != nil {
				return // said once more with the verdict
			}
		}
	}()
	return l
}

func (l *lines) add(text string) {
	if l == nil {
		return
	}
	select {
	case l.queue <- text:
	default:
	}
}

// close waits until what was added is written, for a while.
func (l *lines) close() {
	close(l.queue)
	select {
	case <-l.done:
	case <-time.After(consoleGrace):
	}
}

// say tells what a step is doing.
func (a *Agent) say(step, text string) {
	a.Log(journal.Entry{Message: step + ": " + text, Stage: string(Provision), Step: step})
}
