package timeline

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/leaven-dev/leaven/firstboot"
	"github.com/leaven-dev/leaven/internal/plain"
)

// plot draws the scale, and below it the stages with their steps.
func (p *picture) plot() {
	var busy [][2]float64
	rows := 0
	for _, g := range p.groups {
		if g.ran {
			busy = append(busy, [2]float64{g.begin, g.end})
		}
		rows += 1 + len(g.rows)
	}
	if rows == 0 {
		return
	}
	a := newAxis(busy, plotLeft, plotRight)
	top := p.y + lineHigh
	bottom := top + float64(rows)*rowHigh + float64(len(p.groups))*10
	if len(busy) > 0 {
		p.scale(a, top, bottom)
	}
	p.y = top
	for _, g := range p.groups {
		p.stage(a, g)
	}
	p.y = bottom
}

// scale draws the lines of the ticks, and where time was cut out.
func (p *picture) scale(a axis, top, bottom float64) {
	for _, t := range a.ticks() {
		p.draw(`<path d="M%.1f %.1fV%.1f" stroke="#dde2e7"/>`, t.x, top-4, bottom)
		p.text(t.x, top-9, "small soft middle", t.label)
	}
	for _, part := range a.parts {
		if part.skipped == 0 {
			continue
		}
		x := part.x - breakWidth
		p.draw(`<rect x="%.1f" y="%.1f" width="%d" height="%.1f" fill="#f3f5f7"/>`, x+3, top-4, breakWidth-6, bottom-top+4)
		var zigzag strings.Builder
		for y, side := top, 1; y < bottom-6; y, side = y+6, -side {
			fmt.Fprintf(&zigzag, "l%d 6", 4*side)
		}
		p.draw(`<path d="M%.1f %.1f%s" fill="none" stroke="#aab3bc"/>`, x+breakWidth/2-2, top+2, zigzag.String())
		p.draw(`<g><title>%s in which nothing ran</title>`, escape(span(part.skipped)))
		p.text(x+breakWidth/2, top-22, "small soft middle", span(part.skipped))
		p.draw(`</g>`)
	}
}

// stage draws a stage and its steps.
func (p *picture) stage(a axis, g group) {
	p.y += 10
	name := "stage " + string(g.stage)
	high := float64(rowHigh * (1 + len(g.rows)))
	if !g.ran {
		p.text(margin, p.y+15, "stage", name)
		p.text(plotLeft, p.y+15, "soft", "has not begun in this boot")
	} else {
		x, end := a.x(g.begin), a.x(g.end)
		p.draw(`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="#0072b2" fill-opacity=".07"/>`, x, p.y, max(end-x, 2), high)
		p.text(margin, p.y+15, "stage", name)
		how := map[firstboot.Result]string{firstboot.OK: "in", firstboot.Running: "for"}[g.record.Result]
		if how == "" {
			how = "after"
		}
		text := fmt.Sprintf("%s %s %s", g.record.Result, how, span(g.end-g.begin))
		if g.record.Ended.IsZero() && g.record.Result != firstboot.Running {
			text = "cut off; the records do not tell when"
		}
		p.text(x+5, p.y+15, "soft", text)
	}
	p.y += rowHigh
	for _, r := range g.rows {
		p.row(a, g, r)
	}
}

// row draws a step: its name, a thin line while it waits for its turn, and the bar with what came of it.
func (p *picture) row(a axis, g group, r row) {
	l := r.kind.look()
	p.draw(`<g><title>%s</title>`, escape(tip(r)))
	p.mark(margin+6, p.y+5, r.kind)
	p.text(margin+26, p.y+15, "", plain.Cut(plain.Line(r.ID), 28))
	if !g.ran {
		p.draw(`</g>`)
		p.y += rowHigh
		return
	}
	from, x, end := a.x(g.begin), a.x(r.start), a.x(r.end)
	words := words(r)
	long := float64(utf8.RuneCountInString(words))*charWide + 12
	left := !r.kind.bar() && x+long > width-8 && x-long > from // words before the mark
	wait := x
	if left {
		wait = x - long
	}
	if wait-from > 3 {
		p.draw(`<path d="M%.1f %.1fH%.1f" stroke="#8b96a1" stroke-width="1.2" stroke-dasharray="1.5 2.5"/>`, from, p.y+rowHigh/2, wait)
	}
	if r.kind.bar() {
		wide := max(end-x, 2)
		end = x + wide
		top := p.y + (rowHigh-barHigh)/2
		p.draw(`<rect x="%.1f" y="%.1f" width="%.1f" height="%d" rx="1" fill="%s"/>`, x, top, wide, barHigh, l.fill)
		if r.kind.hatched() {
			p.draw(`<rect x="%.1f" y="%.1f" width="%.1f" height="%d" rx="1" fill="url(#leaven-hatch)"/>`, x, top, wide, barHigh)
		}
		if r.kind == underWay { // it has no end yet
			p.draw(`<path d="M%.1f %.1fl7 %d-7 %[3]dZ" fill="%s"/>`, end, top, barHigh/2, l.fill)
			end += 7
		}
	} else {
		p.draw(`<circle cx="%.1f" cy="%.1f" r="3" fill="#fff" stroke="%s" stroke-width="1.4"/>`, x+3, p.y+rowHigh/2, l.fill)
		end = x + 6
	}
	if left {
		p.text(x-5, p.y+15, "soft end", words)
	} else {
		p.text(end+6, p.y+15, "soft", plain.Cut(words, int((width-14-end)/charWide)))
	}
	p.draw(`</g>`)
	p.y += rowHigh
}

// words say beside the bar what came of a step.
func words(r row) string {
	took := span(r.Seconds)
	switch r.kind {
	case done:
		return took
	case doneBefore:
		return "done before, " + stamp(r.Done)
	case failed:
		return "failed after " + took
	case degraded:
		return "failed after " + took + ", degrades"
	case ignored:
		return "failed after " + took + ", ignored"
	case underWay:
		return "running for " + span(r.end-r.start)
	case blocked:
		return plain.Line(r.Message)
	case waiting:
		return "not begun"
	}
	return r.kind.look().word
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "at an unknown time"
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

// tip is what browsers show under the pointer: all that is known of a step.
func tip(r row) string {
	text := r.ID + " (" + r.Title + "): " + words(r)
	if r.kind == done || r.kind.hatched() {
		text += fmt.Sprintf("; from %.3f s to %.3f s", r.start, r.end)
	}
	if r.Message != "" && r.kind != blocked {
		text += "; " + r.Message
	}
	return text
}
