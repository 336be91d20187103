package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/leaven-dev/leaven/firstboot"
	"github.com/leaven-dev/leaven/internal/plain"
)

// outcome is what became of a step, as people see it.
type outcome struct {
	word, color string
	mark, ascii string
}

var (
	isOK      = outcome{"ok", green, "✓", "+"}
	isBad     = outcome{"failed", red, "✗", "x"}
	isWrong   = outcome{"degraded", yellow, "!", "!"}
	isIgnored = outcome{"ignored", yellow, "!", "!"}
	isBlocked = outcome{"blocked", dim, "-", "-"}
	isCutOff  = outcome{"cut off", red, "✗", "x"}
	isRunning = outcome{"running", blue, "▸", ">"}
	isWaiting = outcome{"waiting", dim, "·", "."}
)

// statusPrinter writes a status for people.
type statusPrinter struct {
	terminal
	out    bytes.Buffer
	status firstboot.Status
	wide   int      // of the longest name of a step
	times  int      // of the longest time that one took
	cures  []string // what the reader can do
}

func printStatus(w io.Writer, t terminal, s firstboot.Status) error {
	p := &statusPrinter{terminal: t, status: s, wide: len("STEP"), times: len("TOOK")}
	for _, step := range s.Steps {
		stage, ran := stageOf(s, step.Stage)
		p.wide = max(p.wide, utf8.RuneCountInString(plain.Line(step.ID)))
		p.times = max(p.times, len(timeOf(step, stage, ran)))
	}
	p.wide = min(p.wide, 40)
	color := map[firstboot.Result]string{firstboot.OK: green, firstboot.Degraded: yellow, firstboot.Failed: red, firstboot.Running: blue}[s.Result]
	for _, line := range p.wrap(s.Verdict, 0) {
		fmt.Fprintln(&p.out, p.paint(color, line))
	}
	if s.Instance.ID != "" {
		fmt.Fprintf(&p.out, "instance: %s\n", s.Instance)
	}
	p.table()
	if len(p.cures) > 0 {
		fmt.Fprintf(&p.out, "\n%s\n", p.paint(bold, "WHAT TO DO"))
		for _, cure := range p.cures {
			fmt.Fprintln(&p.out, cure)
		}
	}
	if len(s.HostKeys) > 0 {
		fmt.Fprintf(&p.out, "\n%s\n", p.paint(bold, "HOST KEYS"))
		for _, key := range s.HostKeys {
			fmt.Fprintln(&p.out, key)
		}
	}
	_, err := w.Write(p.out.Bytes())
	return err
}

// wrap breaks text where a terminal would, behind a margin.
func (p *statusPrinter) wrap(text string, margin int) []string {
	text = plain.Line(text)
	if p.width == 0 {
		return []string{text}
	}
	return plain.Wrap(text, max(p.width-margin, 20))
}

// table writes the steps, stage by stage.
func (p *statusPrinter) table() {
	if len(p.status.Steps)+len(p.status.Stages) == 0 {
		return
	}
	heading, _ := p.row("", " ", "STEP", "RESULT", "TOOK")
	fmt.Fprintf(&p.out, "\n%s\n", p.paint(bold, heading+"DETAIL"))
	for _, name := range stageNames(p.status) {
		stage, ran := stageOf(p.status, name)
		p.stage(name, stage, ran)
		for _, step := range p.status.Steps {
			gone := ran && stage.Result != firstboot.Running && step.Boot != stage.Boot && step.Result != firstboot.Waiting
			if step.Stage == name && !gone { // gone: earlier boots had it
				p.step(step, stage, ran)
			}
		}
	}
}

// stageNames are the stages that ran and those that have steps, in order.
func stageNames(s firstboot.Status) []firstboot.Stage {
	var names []firstboot.Stage
	seen := map[firstboot.Stage]bool{}
	add := func(name firstboot.Stage) {
		if !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	for _, r := range s.Stages {
		add(r.Stage)
	}
	for _, step := range s.Steps {
		add(step.Stage)
	}
	return names
}

func stageOf(s firstboot.Status, name firstboot.Stage) (firstboot.StageRecord, bool) {
	for _, r := range s.Stages {
		if r.Stage == name {
			return r, true
		}
	}
	return firstboot.StageRecord{}, false
}

// stage writes the heading of a stage, and what went wrong outside of its steps.
func (p *statusPrinter) stage(name firstboot.Stage, r firstboot.StageRecord, ran bool) {
	how := string(r.Result)
	switch {
	case !ran:
		how = "not begun in this boot"
	case r.Result == firstboot.Running:
		how = "running for " + took(time.Since(r.Started).Seconds())
	case !r.Ended.IsZero():
		how += " after " + took(r.Seconds)
	}
	fmt.Fprintf(&p.out, "%s: %s\n", p.paint(bold, plain.Line(string(name))), how)
	if r.Message != "" {
		for _, line := range p.wrap(r.Message, 4) {
			fmt.Fprintf(&p.out, "    %s\n", line)
		}
	}
	p.cure("stage "+string(name), r.Cure)
}

// step writes a row. What does not fit beside it goes below.
func (p *statusPrinter) step(r firstboot.StepRecord, stage firstboot.StageRecord, ran bool) {
	o := outcomeOf(r, stage, ran)
	mine := ran && r.Boot == stage.Boot
	detail := r.Message
	if !mine {
		detail = "" // an earlier boot's
	}
	if o == isOK && r.Started.Before(stage.Started) && !r.Done.IsZero() {
		when := r.Done.UTC().Format("2006-01-02 15:04 UTC")
		if detail == "" || detail == "done before" {
			detail = "done " + when
		} else {
			detail += " (since " + when + ")"
		}
	}
	mark := o.ascii
	if p.unicode {
		mark = o.mark
	}
	row, margin := p.row(o.color, mark, plain.Line(r.ID), o.word, timeOf(r, stage, ran))
	fits := p.width == 0 || p.width-margin >= 24
	switch lines := p.wrap(detail, margin); {
	case detail == "":
		fmt.Fprintln(&p.out, strings.TrimRight(row, " "))
	case fits:
		fmt.Fprintln(&p.out, row+lines[0])
		for _, line := range lines[1:] {
			fmt.Fprintln(&p.out, strings.Repeat(" ", margin)+line)
		}
	default:
		fmt.Fprintln(&p.out, strings.TrimRight(row, " "))
		for _, line := range p.wrap(detail, 6) {
			fmt.Fprintln(&p.out, "      "+line)
		}
	}
	if mine {
		p.cure(r.ID, r.Cure)
	}
}

// row lays out the columns before the detail, and tells where that begins. Colours take no room.
func (p *statusPrinter) row(color, mark, step, result, took string) (text string, margin int) {
	const results = 8 // room of the widest
	step = plain.Cut(step, p.wide)
	text = "  " + p.paint(color, mark) + "  " + pad(step, p.wide) + "  " + p.paint(color, result) + pad("", results-len(result)) + "  " + pad("", p.times-len(took)) + took + "  "
	return text, 2 + 1 + 2 + p.wide + 2 + results + 2 + p.times + 2
}

// pad adds spaces up to a width in characters.
func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(width-utf8.RuneCountInString(text), 0))
}

// cure notes what the reader can do about something.
func (p *statusPrinter) cure(name, text string) {
	if text == "" {
		return
	}
	lines := p.wrap(name+": "+text, 2)
	p.cures = append(p.cures, strings.Join(lines, "\n  "))
}

// outcomeOf tells what became of a step in this boot. Its policy counts: that is what its failure means for the instance.
func outcomeOf(r firstboot.StepRecord, stage firstboot.StageRecord, ran bool) outcome {
	over := ran && stage.Result != firstboot.Running
	switch {
	case !ran || r.Boot != stage.Boot:
		return isWaiting
	case r.Result == firstboot.OK:
		return isOK
	case r.Result == firstboot.Running && over:
		return isCutOff
	case r.Result == firstboot.Running:
		return isRunning
	case r.Result == firstboot.Blocked:
		return isBlocked
	case r.Result == firstboot.Waiting:
		return isWaiting
	case r.Policy == firstboot.Ignore:
		return isIgnored
	case r.Policy == firstboot.Degrade:
		return isWrong
	}
	return isBad
}

// timeOf is how long a step took in this run of its stage, or "-".
func timeOf(r firstboot.StepRecord, stage firstboot.StageRecord, ran bool) string {
	switch o := outcomeOf(r, stage, ran); {
	case o == isRunning:
		return took(time.Since(r.Started).Seconds())
	case o == isWaiting, o == isBlocked, o == isCutOff, r.Started.Before(stage.Started):
		return "-"
	}
	return took(r.Seconds)
}

// took writes how long something took.
func took(seconds float64) string {
	if d := time.Duration(seconds * float64(time.Second)); d >= time.Hour {
		return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
	} else if d >= time.Minute {
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%.3f s", max(seconds, 0))
}
