package firstboot

import (
	"errors"
	"io/fs"
	"slices"
	"syscall"

	"github.com/leaven-dev/leaven/internal/rootfs"
	"github.com/leaven-dev/leaven/keys"
)

// NotRun is the result of a boot in which first boot has not begun.
const NotRun Result = "not-run"

// Status is what first boot did, for whoever asks: nothing in it is secret.
type Status struct {
	Schema   string         `json:"schema"` // "leaven/status/1"
	Version  string         `json:"version"`
	Result   Result         `json:"status"`
	Verdict  string         `json:"verdict"` // the same in a sentence
	Instance Instance       `json:"instance"`
	Stages   []StageRecord  `json:"stages"`
	Steps    []StepRecord   `json:"steps"`
	HostKeys []keys.HostKey `json:"host_keys"`
}

// ReadStatus reads the records of a tree. In one that is running, only this boot counts; of one that is not, the last boot is
// told.
func ReadStatus(root *rootfs.Root, version string) (Status, error) {
	status := Status{Schema: "leaven/status/1", Version: version, Result: NotRun, Stages: []StageRecord{}, Steps: []StepRecord{}}
	live, err := root.Live()
	if err != nil {
		return status, err
	}
	// A stage that ends writes the state first. So the state is read last, or a stage could be over whose steps still run here.
	boot := ""
	if live {
		if boot, err = line(root, "/proc/sys/kernel/random/boot_id"); err != nil {
			return status, err
		}
		if status.Stages, err = stagesOf(root, boot); err != nil {
			return status, err
		}
	}
	if status.HostKeys, err = keys.List(root); err != nil {
		return status, err
	}
	state, stateErr := lastState(root)
	if stateErr != nil && !errors.Is(stateErr, errCorrupt) {
		return status, stateErr
	}
	if !live && state != nil && len(state.Stages) > 0 {
		boot = state.Stages[len(state.Stages)-1].Boot
		for _, r := range state.Stages {
			if r.Boot == boot {
				status.Stages = append(status.Stages, r)
			}
		}
	}
	if state != nil {
		status.Instance, status.Steps = state.Instance, ofThisBoot(state.Steps, status.Stages)
	}
	sum := summarize(status.Stages, state, boot)
	switch {
	case len(status.Stages) == 0:
		status.Verdict = "first boot has not run in this boot"
		return status, stateErr
	case len(status.Stages) == 1 && sum.Result != Failed:
		sum.Result = Running // the other one is still to come
	}
	status.Result, status.Verdict = sum.Result, sum.String()
	return status, nil
}

// ofThisBoot takes the results of boots before from steps that are still to come in this one: what was in order then may not be now.
func ofThisBoot(steps []StepRecord, stages []StageRecord) []StepRecord {
	steps = slices.Clone(steps)
	for i, step := range steps {
		at := slices.IndexFunc(stages, func(s StageRecord) bool { return s.Stage == step.Stage })
		if at < 0 || stages[at].Result == Running && stages[at].Boot != step.Boot {
			steps[i].Result, steps[i].Message, steps[i].Cure = Waiting, "", ""
		}
	}
	return steps
}

// lastState reads the state of the instance that this machine last was, or nil.
func lastState(root *rootfs.Root) (*State, error) {
	id, err := current(root)
	if id == "" || err != nil {
		return nil, err
	}
	state, err := loadState(root, id)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return state, err
}

// stagesOf returns the stages that were begun in a boot of the running system. One that was begun and whose process is gone was
// cut off.
func stagesOf(root *rootfs.Root, boot string) ([]StageRecord, error) {
	stages := []StageRecord{}
	for _, stage := range []Stage{Identity, Provision} {
		rec, begun, err := loadStage(root, stage, boot)
		if err != nil {
			return nil, err
		}
		if !begun {
			continue
		}
		if rec.Result == Running && errors.Is(syscall.Kill(rec.PID, 0), syscall.ESRCH) {
			rec.Result, rec.Message = Failed, "the "+string(stage)+" stage was cut off"
			rec.Cure = "run `leaven firstboot`; it goes on where it was"
		}
		stages = append(stages, rec)
	}
	return stages, nil
}
