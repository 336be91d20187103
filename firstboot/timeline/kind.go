package timeline

// kind is what became of a step, as people see it: a colour, a shape and a word, each enough by itself.
type kind int

const (
	done kind = iota
	doneBefore
	ignored
	degraded
	failed
	blocked
	cutOff
	underWay
	waiting
)

// look is how a kind looks. The colours can be told apart with every common kind of colour blindness (Okabe and Ito, "Color
// universal design", 2008); the dark ones carry white shapes.
type look struct {
	word  string
	fill  string
	shape string // path in a box of 12 by 12, stroked
}

var looks = [...]look{
	done:       {"ok", "#009e73", "M2.5 6.5 5 9 9.5 3.5"},
	doneBefore: {"done before", "#5f6b76", "M2.5 6.5 5 9 9.5 3.5"},
	ignored:    {"failed, ignored", "#8a6d00", "M6 2.5V7M6 9v.6"},
	degraded:   {"failed, degrades", "#b36b00", "M6 2.5V7M6 9v.6"},
	failed:     {"failed", "#c03a00", "M3 3 9 9M9 3 3 9"},
	blocked:    {"blocked", "#5f6b76", "M3 6H9"},
	cutOff:     {"cut off", "#c03a00", "M3 9 9 3"},
	underWay:   {"running", "#0072b2", "M4 2.8 9 6 4 9.2Z"},
	waiting:    {"waiting", "#5f6b76", "M3 6h.1M6 6h.1M9 6h.1"},
}

func (k kind) look() look { return looks[k] }

// bar tells whether a kind takes time.
func (k kind) bar() bool {
	switch k {
	case doneBefore, blocked, waiting:
		return false
	}
	return true
}

// hollow tells whether the mark is an outline: nothing happened.
func (k kind) hollow() bool { return !k.bar() }

// hatched bars are those of steps that did not reach what they were for.
func (k kind) hatched() bool { return k == failed || k == degraded || k == ignored || k == cutOff }
