package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/spf13/pflag"

	"github.com/leaven-dev/leaven/bake"
	"github.com/leaven-dev/leaven/bake/wire"
)

// output is where a command's results go. Text is for people; json is one object at the end; jsonl is a stream for the
// Packer plugin (package wire). Where a machine reads standard output, words for people go to standard error.
type output struct {
	p      *program
	format string
	nonce  string

	catalogue string // digest of the rules that apply; for the end record

	mu   sync.Mutex
	stop chan struct{}
}

// addOutputFlags adds --output, and --nonce for the stream. Formats lists what the command can print; the first is default.
func addOutputFlags(fs *pflag.FlagSet, p *program, formats ...string) *output {
	o := &output{p: p}
	fs.Var(&choice{value: &o.format, from: formats}, "output", "what to print: "+list(formats))
	o.format = formats[0]
	if slices.Contains(formats, "jsonl") {
		fs.StringVar(&o.nonce, "nonce", "", "word that the end record of --output jsonl repeats")
	}
	return o
}

// begin opens the stream. Beats follow until end, so that a run that nobody reads any more dies of its closed pipe.
func (o *output) begin() {
	if o.format != "jsonl" {
		return
	}
	o.record(wire.Record{Type: wire.Begin, Nonce: o.nonce, PID: os.Getpid(), Version: version})
	o.stop = make(chan struct{})
	go func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-o.stop:
				return
			case <-tick.C:
				o.record(wire.Record{Type: wire.Beat})
			}
		}
	}()
}

// end closes the stream with the exit status that err means, and returns err.
func (o *output) end(err error) error {
	if o.stop == nil {
		return err
	}
	close(o.stop)
	code, said := statusOf(err)
	rec := wire.Record{Type: wire.End, Nonce: o.nonce, Exit: &code, Catalogue: o.catalogue}
	if said != nil {
		rec.Error = said.Error()
	}
	o.record(rec)
	return err
}

func (o *output) change(c bake.Change) {
	if o.format == "jsonl" {
		o.record(wire.Record{Type: wire.Change, Change: &c})
	}
}

func (o *output) finding(f bake.Finding) {
	if o.format == "jsonl" {
		o.record(wire.Record{Type: wire.Finding, Finding: &f})
	}
}

// note tells people something, wherever they read.
func (o *output) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	switch o.format {
	case "jsonl":
		o.record(wire.Record{Type: wire.Note, Note: text})
	case "text":
		fmt.Fprintln(o.p.stdout, text)
	default:
		fmt.Fprintln(o.p.stderr, text)
	}
}

// aside tells people something that is no result.
func (o *output) aside(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if o.format == "jsonl" {
		o.record(wire.Record{Type: wire.Note, Note: text})
	} else {
		fmt.Fprintln(o.p.stderr, text)
	}
}

func (o *output) record(r wire.Record) {
	o.mu.Lock()
	defer o.mu.Unlock()
	json.NewEncoder(o.p.stdout).Encode(r) // a reader that is gone ends us by SIGPIPE
}

// object prints the one object of --output json.
func (o *output) object(v any) error {
	enc := json.NewEncoder(o.p.stdout)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// choice is a flag that takes one of a few words.
type choice struct {
	value *string
	from  []string
}

func (c *choice) String() string { return *c.value }
func (c *choice) Type() string   { return "word" }
func (c *choice) Set(s string) error {
	if !slices.Contains(c.from, s) {
		return fmt.Errorf("take one of %s", list(c.from))
	}
	*c.value = s
	return nil
}

// list writes words as "a, b or c".
func list(words []string) string {
	switch n := len(words); n {
	case 0:
		return ""
	case 1:
		return words[0]
	default:
		text := words[0]
		for _, w := range words[1 : n-1] {
			text += ", " + w
		}
		return text + " or " + words[n-1]
	}
}
