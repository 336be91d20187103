package provisioner

import (
	"fmt"
	"slices"
	"strings"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"github.com/leaven-dev/leaven/bake/report"
	"github.com/leaven-dev/leaven/bake/wire"
)

// maxPaths is how many paths of one rule a build's output shows. The report has all.
const maxPaths = 3

// A show turns records into build output: a line for each rule when its changes have all come, a line for each finding, what
// went wrong at once, and at the end of a run what is left to the last stage. All of a build's output goes through here;
// nothing of the far side reaches a terminal raw.
type show struct {
	ui      packersdk.Ui
	group   group
	pending []group // in order of first appearance
	notes   []string
}

// A group is what one rule did, or left for the last stage.
type group struct {
	rule    string
	actions []string       // in order of first appearance
	counts  map[string]int // by action
	bytes   int64
	paths   []string
	hidden  int
}

func (s *show) title(format string, args ...any) {
	s.flush()
	s.ui.Say(clean("leaven: " + fmt.Sprintf(format, args...)))
}

func (s *show) record(rec wire.Record) {
	switch {
	case rec.Change != nil:
		s.change(*rec.Change)
	case rec.Finding != nil:
		s.finding(*rec.Finding)
	case rec.Note != "" && !slices.Contains(s.notes, rec.Note): // sealing and audit share some
		s.notes = append(s.notes, rec.Note)
		s.flush()
		s.ui.Say(clean("  note: " + rec.Note))
	}
}

func (s *show) change(c report.Change) {
	switch c.Result {
	case report.Failed:
		s.flush()
		s.ui.Error(clean(fmt.Sprintf("  %s: cannot %s %s: %s", c.Rule, c.Action, c.Path, c.Message)))
	case report.Refused:
		s.flush()
		s.ui.Error(clean(fmt.Sprintf("  %s: left in place: %s: %s", c.Rule, c.Path, c.Message)))
	default:
		if s.group.rule != c.Rule {
			s.flush()
			s.group = group{rule: c.Rule, counts: map[string]int{}}
		}
		s.group.add(c.Path)
		s.group.did(past(c.Action), c.Bytes)
	}
}

func (s *show) finding(f report.Finding) {
	place := f.Path
	if f.Line > 0 {
		place = fmt.Sprintf("%s:%d", f.Path, f.Line)
	}
	line := fmt.Sprintf("  %s: %s: %s: %s", f.Severity, f.Rule, place, f.Message)
	switch {
	case f.State == report.Pending:
		s.wait(f.Rule, place)
		return
	case f.State == report.Unknown:
		line = fmt.Sprintf("  cannot tell: %s: %s: %s", f.Rule, place, f.Message)
	}
	s.flush()
	if f.Fix != "" {
		line += "\n    fix: " + f.Fix
	}
	if f.Severity == report.Warning && f.State != report.Unknown {
		s.ui.Say(clean(line))
	} else {
		s.ui.Error(clean(line))
	}
}

// wait keeps what goes at shutdown.
func (s *show) wait(rule, place string) {
	i := slices.IndexFunc(s.pending, func(g group) bool { return g.rule == rule })
	if i < 0 {
		i = len(s.pending)
		s.pending = append(s.pending, group{rule: rule})
	}
	s.pending[i].add(place)
}

func (g *group) add(place string) {
	if len(g.paths) < maxPaths {
		g.paths = append(g.paths, place)
	} else {
		g.hidden++
	}
}

func (g *group) did(action string, bytes int64) {
	if g.counts[action]++; !slices.Contains(g.actions, action) {
		g.actions = append(g.actions, action)
	}
	g.bytes += bytes
}

// places writes "a, b, c and 3 more".
func (g *group) places() string {
	text := strings.Join(g.paths, ", ")
	if g.hidden > 0 {
		text += fmt.Sprintf(" and %d more", g.hidden)
	}
	return text
}

// flush writes the line of the rule whose changes were collected.
func (s *show) flush() {
	g := s.group
	s.group = group{}
	if g.rule == "" {
		return
	}
	var parts []string
	for _, action := range g.actions {
		parts = append(parts, fmt.Sprintf("%d %s", g.counts[action], action))
	}
	if g.bytes > 0 {
		parts = append(parts, size(g.bytes))
	}
	s.ui.Say(clean(fmt.Sprintf("  %s: %s: %s", g.rule, strings.Join(parts, ", "), g.places())))
}

// end writes what a run has left to say: what is there still, and goes by itself.
func (s *show) end() {
	s.flush()
	if len(s.pending) == 0 {
		return
	}
	lines := []string{"  goes at shutdown, when the last stage runs:"}
	for _, g := range s.pending {
		lines = append(lines, fmt.Sprintf("    %s (%d): %s", g.rule, len(g.paths)+g.hidden, g.places()))
	}
	s.pending = nil
	s.ui.Say(clean(strings.Join(lines, "\n")))
}

// noise shows what the far side said beside its records, which often holds the reason of a failure.
func (s *show) noise(lines []string) {
	const shown = 10
	for _, line := range lines[max(0, len(lines)-shown):] {
		s.ui.Error(clean("  far side: " + line))
	}
}
