package health

import (
	"fmt"

	"github.com/leaven-dev/leaven/firstboot"
)

// Status is an answer in a word.
type Status string

// The words. Only OK is 200.
const (
	OK        Status = "ok"
	Starting  Status = "starting"  // first boot has not run, or is not through
	Failed    Status = "failed"    // a required step of first boot failed
	Unhealthy Status = "unhealthy" // a probe failed
	Leaving   Status = "leaving"   // EC2 is taking the instance away
	Unknown   Status = "unknown"   // it cannot be told
)

// Answer is what whoever asks over the network is told.
type Answer struct {
	Status Status   `json:"status"`
	Step   string   `json:"step,omitempty"`   // of first boot, that failed
	Probes []string `json:"probes,omitempty"` // that failed
	Reason string   `json:"reason,omitempty"` // for people
	Detail string   `json:"-"`                // with error messages, which are not for strangers
}

// String is for people on the instance.
func (a Answer) String() string {
	text := string(a.Status)
	if a.Reason != "" {
		text += ": " + a.Reason
	}
	if a.Detail != "" {
		text += ": " + a.Detail
	}
	return text
}

func (a Answer) same(b Answer) bool { return a.Status == b.Status && a.Reason == b.Reason }

// unknown says that it cannot be told; what says why for strangers.
func unknown(what string, err error) Answer {
	return Answer{Status: Unknown, Reason: what, Detail: err.Error()}
}

// judge is what first boot makes of the instance. An instance that is degraded is up: what it is for works.
func judge(s firstboot.Status) Answer {
	switch s.Result {
	case firstboot.OK:
		return Answer{Status: OK}
	case firstboot.Degraded:
		return Answer{Status: OK, Reason: "first boot is degraded", Detail: s.Verdict}
	case firstboot.Failed:
		a := Answer{Status: Failed, Reason: "first boot failed", Detail: s.Verdict}
		if a.Step = failedStep(s); a.Step != "" {
			a.Reason = fmt.Sprintf("first boot failed at step %s", a.Step)
		}
		return a
	case firstboot.Running:
		return Answer{Status: Starting, Reason: "first boot is not through"}
	case firstboot.NotRun:
		return Answer{Status: Starting, Reason: "first boot has not run in this boot"}
	}
	return Answer{Status: Unknown, Reason: "first boot ended in a way that this version does not know", Detail: string(s.Result)}
}

// failedStep is the first required step that failed in this boot, or "".
func failedStep(s firstboot.Status) string {
	for _, step := range s.Steps {
		if step.Result != firstboot.Failed || step.Policy != firstboot.Required {
			continue
		}
		for _, stage := range s.Stages {
			if step.Boot == stage.Boot {
				return step.ID
			}
		}
	}
	return ""
}
