package timeline

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// axis maps seconds to pixels. Long stretches in which nothing ran are cut out, or they would leave no room for the rest: in a
// container the kernel started days ago, and a stage may be run again by hand after hours.
type axis struct {
	left, perSecond float64 // pixels
	parts           []part
}

// part is a stretch of time that is drawn.
type part struct {
	from, to float64 // seconds
	x        float64 // pixels, of from
	skipped  float64 // seconds that were cut out before it
}

// breakWidth is the room of a cut, in pixels.
const breakWidth = 46

// newAxis draws the stretches (begin and end, in seconds) between two pixels.
func newAxis(busy [][2]float64, left, right float64) axis {
	if len(busy) == 0 {
		busy = [][2]float64{{0, 1}}
	}
	slices.SortFunc(busy, func(a, b [2]float64) int { return int(math.Copysign(1, a[0]-b[0])) })
	var sum float64
	for _, b := range busy {
		sum += b[1] - b[0]
	}
	sum = max(sum, 0.001)
	a := axis{left: left}
	end := 0.0 // of what is drawn, at first the start of the kernel
	for i, b := range busy {
		begin, gap := b[0], b[0]-end
		switch {
		case gap > 2*sum:
			margin := sum / 20 // a bar at the very edge looks cut off itself
			a.parts = append(a.parts, part{from: begin - margin, to: b[1], skipped: gap - margin})
		case i == 0:
			a.parts = append(a.parts, part{from: 0, to: b[1]})
		default:
			p := &a.parts[len(a.parts)-1]
			p.to = max(p.to, b[1])
		}
		end = max(end, b[1])
	}
	var seconds float64
	width := right - left
	for i, p := range a.parts {
		seconds += p.to - p.from
		if p.skipped > 0 && (i > 0 || p.from > 0) {
			width -= breakWidth
		}
	}
	a.perSecond = width / seconds
	x := left
	for i := range a.parts {
		p := &a.parts[i]
		if p.skipped > 0 {
			x += breakWidth
		}
		p.x = x
		x += (p.to - p.from) * a.perSecond
	}
	return a
}

// x is the pixel of a moment. One that was cut out is where the next part begins.
func (a axis) x(t float64) float64 {
	for _, p := range a.parts {
		if t <= p.to {
			return p.x + (max(t, p.from)-p.from)*a.perSecond
		}
	}
	p := a.parts[len(a.parts)-1]
	return p.x + (p.to-p.from)*a.perSecond
}

// tick is a line of the scale.
type tick struct {
	x     float64
	label string
}

// ticks are at round numbers of seconds: 1, 2 or 5 times a power of ten apart, with room for their labels.
func (a axis) ticks() []tick {
	widest := len(label(a.parts[len(a.parts)-1].to, 1/a.perSecond))
	room := float64(widest)*7 + 16
	step := math.Pow(10, math.Floor(math.Log10(room/a.perSecond)))
	for _, factor := range []float64{1, 2, 5, 10} {
		if step*factor*a.perSecond >= room {
			step *= factor
			break
		}
	}
	var all []tick
	for _, p := range a.parts {
		for n := math.Ceil(p.from / step); n*step <= p.to; n++ {
			all = append(all, tick{a.x(n * step), label(n*step, step)})
		}
	}
	return all
}

// label writes a moment as finely as ticks need that are so far apart.
func label(t, step float64) string {
	digits := max(0, int(math.Ceil(-math.Log10(step)-1e-9)))
	return strconv.FormatFloat(t, 'f', digits, 64) + " s"
}

// span writes how long something took, for people.
func span(seconds float64) string {
	switch {
	case seconds < 0.001:
		return "< 1 ms"
	case seconds < 1:
		return fmt.Sprintf("%.0f ms", seconds*1000)
	case seconds < 60:
		return fmt.Sprintf("%.2f s", seconds)
	case seconds < 3600:
		return fmt.Sprintf("%d min %d s", int(seconds)/60, int(seconds)%60)
	case seconds < 48*3600:
		return fmt.Sprintf("%d h %d min", int(seconds)/3600, int(seconds)%3600/60)
	}
	return fmt.Sprintf("%d days", int(seconds)/86400)
}
