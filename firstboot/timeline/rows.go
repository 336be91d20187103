package timeline

import (
	"slices"

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

// groups puts the steps of a boot in their places.
func groups(d Data) []group {
	var all []group
	for _, r := range d.Status.Stages {
		all = append(all, group{stage: r.Stage, record: r, ran: true, begin: r.Uptime, end: endOf(r, d)})
	}
	for _, s := range d.Status.Steps {
		i := slices.IndexFunc(all, func(g group) bool { return g.stage == s.Stage })
		if i < 0 {
			i = len(all)
			all = append(all, group{stage: s.Stage})
		}
		g := &all[i]
		if g.ran && g.record.Result != firstboot.Running && s.Boot != g.record.Boot && s.Result != firstboot.Waiting {
			continue // a step of earlier boots, which this one did not have
		}
		g.rows = append(g.rows, place(*g, s))
	}
	return all
}

// endOf returns when a stage ended. One that was cut off went on at least until the last that is known of it.
func endOf(r firstboot.StageRecord, d Data) float64 {
	end := r.Uptime + r.Seconds
	switch {
	case r.Result == firstboot.Running:
		end = max(end, d.Uptime)
	case r.Ended.IsZero():
		for _, s := range d.Status.Steps {
			if s.Stage == r.Stage && s.Boot == r.Boot && s.Result != firstboot.Running {
				end = max(end, s.Uptime+s.Look)
			} else if s.Stage == r.Stage && s.Boot == r.Boot {
				end = max(end, s.Uptime)
			}
		}
	}
	return end
}

// place puts a step where it ran within its stage.
func place(g group, s firstboot.StepRecord) row {
	r := row{StepRecord: s, kind: kindOf(g, s), start: s.Uptime, end: s.Uptime + s.Look}
	switch r.kind {
	case waiting:
		r.start, r.end = g.end, g.end
	case doneBefore, blocked:
		r.end = r.start
	case underWay, cutOff:
		r.end = g.end
	}
	r.start = min(max(r.start, g.begin), g.end)
	r.end = min(max(r.end, r.start), g.end)
	return r
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
