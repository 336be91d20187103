package timeline

import (
	"math"
	"strings"
	"testing"

	"github.com/leaven-dev/leaven/firstboot"
)

func TestPlaces(t *testing.T) {
	type place struct {
		kind       kind
		start, end float64
	}
	for name, want := range map[string]map[string]place{
		"failed": {
			"instance-id":       {done, 1.931, 1.934},
			"host-keys":         {done, 1.935, 2.281},
			"motd-banner":       {ignored, 5.493, 6.2},
			"tag":               {degraded, 12.41, 14.6},
			"mount-masterfiles": {failed, 12.41, 37.7},
			"cfengine-hub":      {blocked, 37.71, 37.71},
		},
		"running": {
			"metadata":     {underWay, 5.52, 17.25},
			"cfengine-hub": {waiting, 17.25, 17.25},
		},
		"reboot": {"host-keys": {doneBefore, 604800.506, 604800.506}},
		"cutoff": {
			"host-keys":    {cutOff, 1.94, 2.2},
			"console-keys": {waiting, 2.2, 2.2},
		},
	} {
		found := 0
		for _, g := range groups(boots[name]) {
			for _, r := range g.rows {
				w, asked := want[r.ID]
				if !asked {
					continue
				}
				found++
				if r.kind != w.kind || math.Abs(r.start-w.start) > 0.005 || math.Abs(r.end-w.end) > 0.005 {
					t.Errorf("%s: step %s is %q from %.3f to %.3f, want %q from %.3f to %.3f", name, r.ID, r.kind.look().word, r.start, r.end, w.kind.look().word, w.start, w.end)
				}
			}
		}
		if found != len(want) {
			t.Errorf("%s: %d of %d steps were found", name, found, len(want))
		}
	}
}

// A stage that was run again by hand shows its last run.
func TestSecondRun(t *testing.T) {
	b := boot{failedBoot()}
	b.Status.Stages = b.Status.Stages[:1]
	b.Status.Steps = nil
	b.stage(firstboot.Provision, firstboot.OK, 4000, 4003)
	b.step("mount-masterfiles", firstboot.Required, firstboot.OK, 4001, 4002, "", "")
	b.before("tag", 4000.5)
	for _, g := range groups(b.Data) {
		for _, r := range g.rows {
			if want := map[string]float64{"mount-masterfiles": 4001, "tag": 4000.5}[r.ID]; math.Abs(r.start-want) > 0.005 {
				t.Errorf("step %s is at %.3f, want %.3f", r.ID, r.start, want)
			}
		}
	}
}

func TestAxis(t *testing.T) {
	for _, c := range []struct {
		name   string
		busy   [][2]float64
		breaks int
		ticks  string
	}{
		{"a first boot", [][2]float64{{1.9, 2.3}, {5.5, 37.9}}, 0, "0 s 5 s 10 s 15 s 20 s 25 s 30 s 35 s"},
		{"a container", [][2]float64{{604800.5, 604800.51}}, 1, ""},
		{"again by hand", [][2]float64{{1.9, 2.3}, {4000, 4003}}, 1, "0 s 1 s 2 s 4000 s 4001 s"},
		{"no time at all", [][2]float64{{5, 5}}, 1, ""},
	} {
		a := newAxis(c.busy, 100, 800)
		breaks := 0
		for _, p := range a.parts {
			if p.skipped > 0 {
				breaks++
			}
		}
		if breaks != c.breaks {
			t.Errorf("%s: %d breaks, want %d", c.name, breaks, c.breaks)
		}
		last := c.busy[len(c.busy)-1][1]
		if x := a.x(last); math.Abs(x-800) > 1 {
			t.Errorf("%s: the end is at %.1f, want 800", c.name, x)
		}
		var labels []string
		x := 0.0
		for _, tick := range a.ticks() {
			labels = append(labels, tick.label)
			if tick.x-x < 40 {
				t.Errorf("%s: ticks at %.1f and %.1f", c.name, x, tick.x)
			}
			x = tick.x
		}
		if got := strings.Join(labels, " "); len(labels) < 2 || c.ticks != "" && !strings.HasPrefix(got, c.ticks) {
			t.Errorf("%s: ticks %s", c.name, got)
		}
	}
}
