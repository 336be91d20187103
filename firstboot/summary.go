package firstboot

import (
	"fmt"
	"math"
)

// Summary is how an instance stands, in few words.
type Summary struct {
	Instance string
	Result   Result
	Done     int     // steps that are done
	Seconds  float64 // that the stages took
	Step     string  // the first step that counts against the result, or ""
	Title    string
	Message  string
	Cure     string
	Yielded  bool // another run was at work, and this one did nothing
}

// String is the verdict, one line.
func (s Summary) String() string {
	name := "this instance"
	if s.Instance != "" {
		name = "instance " + s.Instance
	}
	var text string
	switch s.Result {
	case OK:
		return fmt.Sprintf("%s is up: %s done in %.2f s", name, count(s.Done, "step"), s.Seconds)
	case Degraded:
		text = name + " is up, but degraded"
	case Running:
		return name + " is being brought up"
	default:
		text = name + " failed"
	}
	if s.Step != "" {
		text += fmt.Sprintf(" at step %s (%s)", s.Step, s.Title)
	}
	if s.Message != "" {
		text += ": " + s.Message
	}
	if s.Cure != "" {
		text += "; " + s.Cure
	}
	return text
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// summarize judges the stages that ran in a boot and the steps that were looked at in it. The state may be nil.
func summarize(stages []StageRecord, state *State, boot string) Summary {
	sum := Summary{Result: OK}
	for _, r := range stages {
		sum.Seconds += r.Seconds
		if worse(r.Result, sum.Result) {
			sum.Result, sum.Message, sum.Cure = r.Result, r.Message, r.Cure
		}
	}
	sum.Seconds = math.Round(sum.Seconds*1e4) / 1e4 // as each of them is
	if state == nil {
		return sum
	}
	sum.Instance = state.Instance.ID
	worst := OK
	for _, s := range state.Steps {
		if s.Boot != boot {
			continue
		}
		if s.Result == OK {
			sum.Done++
		}
		// A blocked step is no cause; the failed one that it waits for is.
		// Nor is a step that a degraded instance would have; a stage that failed for a reason of its own says it.
		if r := s.weighed(); s.Result == Failed && worse(r, worst) && (sum.Message == "" || !worse(sum.Result, r)) {
			worst = r
			sum.Step, sum.Title, sum.Message, sum.Cure = s.ID, s.Title, s.Message, s.Cure
		}
	}
	return sum
}

// weighed is what the policy of a step makes of its result.
func (r StepRecord) weighed() Result {
	switch {
	case r.Result == OK, r.Policy == Ignore:
		return OK
	case r.Policy == Degrade:
		return Degraded
	}
	return Failed
}

// worse tells whether a is a worse result than b.
func worse(a, b Result) bool {
	rank := map[Result]int{OK: 0, Running: 1, Degraded: 2, Blocked: 3, Failed: 3}
	return rank[a] > rank[b]
}
