package timeline

import (
	"math"
	"slices"
	"time"

	"github.com/leaven-dev/leaven/firstboot"
)

// group is a stage with its steps. Times here and below are seconds since the kernel started.
type group struct {
	stage      firstboot.Stage
	record     firstboot.StageRecord
	ran        bool // in this boot
	begin, end float64
	rows       []row
}

// row is a step.
type row struct {
	firstboot.StepRecord
	kind       kind
	start, end float64 // of the bar; for kinds that have none, where its mark goes, twice
}

// clock turns the times of the records into seconds since the kernel started.
type clock struct {
	events []firstboot.Event
	now    time.Time
	uptime float64
}

// at sets a moment against the event that is nearest to it.
func (c clock) at(t time.Time) float64 {
	base, uptime := c.now, c.uptime
	for _, e := range c.events {
		if base.IsZero() || e.Time.Sub(t).Abs() < base.Sub(t).Abs() {
			base, uptime = e.Time, e.Uptime
		}
	}
	if base.IsZero() {
		return 0
	}
	return uptime + t.Sub(base).Seconds()
}

// last is where what still runs ends.
func (c clock) last() float64 {
	last := c.uptime
	for _, e := range c.events {
		last = max(last, e.Uptime)
	}
	return last
}

// groups puts the steps of a boot in their places.
func groups(d Data) []group {
	c := clock{d.Events, d.Now, d.Uptime}
	var all []group
	for _, r := range d.Status.Stages {
		g := group{stage: r.Stage, record: r, ran: true}
		g.begin, g.end = c.stage(r)
		all = append(all, g)
	}
	for _, s := range d.Status.Steps {
		i := slices.IndexFunc(all, func(g group) bool { return g.stage == s.Stage })
		if i < 0 {
			i = len(all)
			all = append(all, group{stage: s.Stage, begin: c.last(), end: c.last()})
		}
		g := &all[i]
		if g.ran && g.record.Result != firstboot.Running && s.Boot != g.record.Boot && s.Result != firstboot.Waiting {
			continue // a step of earlier boots, which this one did not have
		}
		g.rows = append(g.rows, c.row(*g, s))
	}
	return all
}

// stage returns the begin and the end of a stage.
func (c clock) stage(r firstboot.StageRecord) (begin, end float64) {
	begin, end = math.NaN(), math.NaN()
	for _, e := range c.events {
		if e.Stage != r.Stage || e.Step != "" {
			continue
		}
		if firstboot.Result(e.Event) == firstboot.Running {
			begin, end = e.Uptime, math.NaN()
		} else {
			end = e.Uptime
			begin = end - e.Seconds
		}
	}
	// The events may be an earlier run's, or lost: the disk was full, the state damaged.
	if started := c.at(r.Started); math.IsNaN(begin) || math.Abs(begin-started) > 1 && started > begin {
		begin, end = started, math.NaN()
	}
	switch {
	case !math.IsNaN(end):
	case r.Result == firstboot.Running:
		end = c.last()
	case r.Ended.IsZero(): // cut off: nobody knows when, but not before the last that it told
		end = clock{events: c.events}.last()
	default:
		end = begin + r.Seconds
	}
	return begin, max(begin, end)
}

// row places a step within its stage.
func (c clock) row(g group, s firstboot.StepRecord) row {
	r := row{StepRecord: s, kind: kindOf(g, s), start: g.begin, end: g.begin}
	running, ended := c.eventsOf(g, s.ID)
	switch {
	case r.kind == blocked && ended != nil:
		r.start, r.end = ended.Uptime, ended.Uptime
	case r.kind == blocked || r.kind == waiting:
		r.start, r.end = g.end, g.end
	case r.kind == doneBefore:
	case r.kind == underWay || r.kind == cutOff:
		r.start, r.end = c.at(s.Started), g.end
		if running != nil {
			r.start = running.Uptime
		}
	case ended != nil:
		r.start = ended.Uptime - ended.Seconds
		if running != nil { // the end was told after a write that waits for the disk
			r.start = min(r.start, running.Uptime)
		}
		r.end = r.start + ended.Seconds
	default:
		r.start = c.at(s.Started)
		r.end = r.start + s.Seconds
	}
	r.start = min(max(r.start, g.begin), g.end)
	r.end = min(max(r.end, r.start), g.end)
	return r
}

// eventsOf returns the last begin and the last end of a step in a run of its stage, or nil.
func (c clock) eventsOf(g group, id string) (running, ended *firstboot.Event) {
	const slack = 0.01 // the uptimes are in milliseconds
	for i := range c.events {
		e := &c.events[i]
		if e.Stage != g.stage || e.Step != id || e.Uptime < g.begin-slack {
			continue
		}
		if firstboot.Result(e.Event) == firstboot.Running {
			running, ended = e, nil
		} else {
			ended = e
		}
	}
	return running, ended
}

// kindOf says what became of a step in this boot.
func kindOf(g group, s firstboot.StepRecord) kind {
	switch {
	case !g.ran, s.Boot != g.record.Boot, s.Result == firstboot.Waiting:
		return waiting
	case s.Result == firstboot.Running && g.record.Result != firstboot.Running:
		return cutOff
	case s.Result == firstboot.Running:
		return underWay
	case s.Result == firstboot.Blocked:
		return blocked
	case s.Result == firstboot.OK && !s.Changed && s.Started.Before(g.record.Started):
		return doneBefore
	case s.Result == firstboot.OK:
		return done
	case s.Policy == firstboot.Ignore:
		return ignored
	case s.Policy == firstboot.Degrade:
		return degraded
	}
	return failed
}
