package timeline

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/leaven-dev/leaven/firstboot"
	"github.com/leaven-dev/leaven/internal/plain"
)

// The layout, in pixels.
const (
	width     = 1180
	margin    = 24
	plotLeft  = 250
	plotRight = width - 220 // what is right of it is for the words behind late bars
	rowHigh   = 22
	barHigh   = 14
	lineHigh  = 18
	charWide  = 6.7 // of 12 pixel text in the widest of the fonts; text cannot be measured here
)

// SVG draws a boot.
func SVG(w io.Writer, d Data) error {
	p := &picture{groups: groups(d)}
	p.header(d)
	p.plot()
	p.troubles(d.Status)
	p.legend()
	_, err := w.Write(p.document(d.Status))
	if err != nil {
		return fmt.Errorf("cannot write the picture: %w", err)
	}
	return nil
}

// picture is drawn from top to bottom.
type picture struct {
	groups []group
	body   bytes.Buffer
	y      float64 // where the next thing goes
}

func (p *picture) draw(format string, args ...any) {
	fmt.Fprintf(&p.body, format+"\n", args...)
}

// text draws a line of text; class is one of the style sheet, or several.
func (p *picture) text(x, y float64, class, text string) {
	p.draw(`<text x="%.1f" y="%.1f" class="%s">%s</text>`, x, y, class, escape(text))
}

// escape makes text of unknown origin safe between tags.
func escape(text string) string {
	var b bytes.Buffer
	xml.EscapeText(&b, []byte(plain.Line(text))) // a Buffer never fails
	return b.String()
}

// document puts the frame around what was drawn.
func (p *picture) document(s firstboot.Status) []byte {
	var b bytes.Buffer
	high := p.y + margin
	fmt.Fprintf(&b, `<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%.0f" viewBox="0 0 %[1]d %.0[2]f" role="img">
<title>%s</title>
<style>
text { font: 12px system-ui, "DejaVu Sans", "Helvetica Neue", Arial, sans-serif; fill: #1b2127 }
.title { font-size: 19px; font-weight: 600 }
.verdict { font-size: 14px }
.stage { font-weight: 600 }
.soft { fill: #56616c }
.end { text-anchor: end }
.middle { text-anchor: middle }
.small { font-size: 11px }
.mark { fill: none; stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round }
</style>
<defs>
<pattern id="leaven-hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="2.4" height="6" fill="#fff" fill-opacity=".45"/></pattern>
</defs>
<rect width="100%%" height="100%%" fill="#fff"/>
`, width, high, escape(s.Verdict))
	b.Write(p.body.Bytes())
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// header tells who, how it went and how long it took.
func (p *picture) header(d Data) {
	s := d.Status
	p.y = margin + 16
	title := "Boot"
	if s.Instance.ID != "" {
		title += " of " + s.Instance.ID
	}
	p.text(margin, p.y, "title", title)
	p.y += 26
	k := map[firstboot.Result]kind{firstboot.OK: done, firstboot.Degraded: degraded, firstboot.Failed: failed, firstboot.Running: underWay}
	verdict, known := k[s.Result]
	if !known {
		verdict = waiting
	}
	p.mark(margin, p.y-11, verdict)
	for _, line := range plain.Wrap(plain.Cut(plain.Line(s.Verdict), 600), 130) {
		p.text(margin+20, p.y, "verdict", line)
		p.y += 20
	}
	if facts := p.facts(s); facts != "" {
		p.text(margin+20, p.y, "soft", facts)
		p.y += lineHigh
	}
	p.y += 12
}

// facts is the line of small print below the verdict.
func (p *picture) facts(s firstboot.Status) string {
	var facts []string
	var worked, end float64
	for _, g := range p.groups {
		if g.ran {
			worked += g.end - g.begin
			end = max(end, g.end)
		}
	}
	if len(s.Stages) > 0 {
		through := "through "
		if s.Result == firstboot.Running {
			through = "now "
		}
		facts = append(facts, "Leaven worked for "+span(worked), through+span(end)+" after the start of the kernel", "begun "+stamp(s.Stages[0].Started))
	}
	return strings.Join(append(facts, "Leaven "+s.Version), "  ·  ")
}

// mark draws the shape of a kind in a disc of 12 pixels.
func (p *picture) mark(x, y float64, k kind) {
	l := k.look()
	fill, stroke := l.fill, "#fff"
	if k.hollow() {
		fill, stroke = "#fff", l.fill
	}
	p.draw(`<g transform="translate(%.1f %.1f)"><circle cx="6" cy="6" r="6.5" fill="%s" stroke="%s"/><path d="%s" class="mark" stroke="%s"/></g>`, x, y, fill, l.fill, l.shape, stroke)
}

// troubles lists what did not go well, whole, with what to do about it.
func (p *picture) troubles(s firstboot.Status) {
	const wide = 150 // characters
	head := false
	tell := func(k kind, name, message, cure string) {
		if !head {
			head = true
			p.y += lineHigh + 14
			p.text(margin, p.y, "stage", "What went wrong")
			p.y += 22
		}
		p.mark(margin, p.y-10, k)
		class := ""
		for _, text := range []string{name + ": " + message, cure} {
			if text == "" {
				continue
			}
			for _, line := range plain.Wrap(plain.Cut(plain.Line(text), 5*wide), wide) {
				p.text(margin+20, p.y, class, line)
				p.y += lineHigh
			}
			class = "soft"
		}
		p.y += 4
	}
	for _, g := range p.groups {
		if g.record.Message != "" {
			k := failed
			if g.record.Result == firstboot.Degraded {
				k = degraded
			}
			tell(k, "stage "+string(g.stage), g.record.Message, cure(g.record.Cure))
		}
		for _, r := range g.rows {
			message := r.Message
			if message == "" {
				message = r.kind.look().word
			}
			if r.kind.hatched() {
				tell(r.kind, r.ID, message, cure(r.Cure))
			}
		}
	}
}

func cure(text string) string {
	if text == "" {
		return ""
	}
	return "Cure: " + text
}

// legend explains the shapes that occur.
func (p *picture) legend() {
	seen := map[kind]bool{}
	for _, g := range p.groups {
		for _, r := range g.rows {
			seen[r.kind] = true
		}
	}
	if len(seen) == 0 {
		return
	}
	p.y += lineHigh + 10
	x := float64(margin)
	for k := range kind(len(looks)) {
		if !seen[k] {
			continue
		}
		word := k.look().word
		p.mark(x, p.y-10, k)
		p.text(x+18, p.y, "soft", word)
		x += 18 + float64(len(word))*charWide + 22
	}
	p.draw(`<path d="M%.1f %.1fh26" stroke="#8b96a1" stroke-width="1.2" stroke-dasharray="1.5 2.5"/>`, x, p.y-4)
	p.text(x+32, p.y, "soft", "waits for its turn")
}
