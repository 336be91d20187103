package provisioner

import (
	"context"
	"errors"
	"fmt"
	"time"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"github.com/leaven-dev/leaven/bake/wire"
	"github.com/leaven-dev/leaven/packer/agent"
	"github.com/leaven-dev/leaven/packer/remote"
)

const (
	setUpLimit   = 10 * time.Minute // for probing and uploading: 3 MB over the slowest of lines
	cleanUpLimit = time.Minute
	graceLimit   = time.Minute // what a run gets beyond the deadline that the agent keeps by itself
)

// A sealing is one build's work on one machine.
type sealing struct {
	config   *Config
	agents   agent.Set
	comm     packersdk.Communicator
	machine  *remote.Machine
	settings string // where the template's bake.yaml lies on the far side; empty where it names none
	show     *show
	report   *Report
	broken   bool // a run was given up, so the agent may still be working
	armed    bool // the last stage may be armed
}

func newSealing(p *Provisioner, ui packersdk.Ui, comm packersdk.Communicator) *sealing {
	s := &sealing{config: &p.config, agents: p.agents, comm: comm, show: &show{ui: ui}, report: newReport(p.version, &p.config)}
	s.machine = s.reach()
	return s
}

// reach returns the far side with a staging folder of its own, which is not there yet.
func (s *sealing) reach() *remote.Machine {
	return remote.New(s.comm, remote.Options{Staging: s.config.StagingDirectory, Password: s.config.SudoPassword})
}

// run sets up and does the steps.
func (s *sealing) run(ctx context.Context) error {
	if err := s.setUp(ctx); err != nil {
		return err
	}
	for _, step := range s.steps() {
		if err := s.do(ctx, step); err != nil {
			return err
		}
	}
	if s.config.Baseline != takeBaseline && s.config.Audit.False() {
		s.show.title("not audited, as audit is false")
	}
	return nil
}

// setUp probes the far side and takes the agent there.
func (s *sealing) setUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, setUpLimit, fmt.Errorf("not done within %v", setUpLimit))
	defer cancel()
	facts, err := s.machine.Probe(ctx)
	if err != nil {
		return err
	}
	a, err := s.agents.For(facts.System, facts.Arch)
	if err != nil {
		return err
	}
	how := "root"
	if facts.UID != 0 {
		how = fmt.Sprintf("uid %d, root by sudo", facts.UID)
	}
	s.show.title("%s on %s %s, as %s, from %s", s.report.Version, facts.System, facts.Arch, how, facts.Staging)
	s.report.Arch, s.report.Agent = facts.Arch, a.SHA256
	if err := s.machine.Upload(ctx, a); err != nil || s.config.settingsText == nil {
		return err
	}
	s.settings, err = s.machine.UploadSettings(ctx, s.config.settingsText)
	return err
}

// do runs the agent for one step and judges how it ended.
func (s *sealing) do(ctx context.Context, step step) error {
	s.show.title("%s", step.title)
	run := newRun(step)
	s.report.Runs = append(s.report.Runs, run)
	started := time.Now()
	s.broken, s.armed = true, s.armed || step.arms
	end, err := s.machine.Run(ctx, remote.Job{
		Command: step.command, Flags: step.flags, Version: s.report.Version, Limit: s.config.deadline() + graceLimit,
	}, func(rec wire.Record) {
		rec = censored(rec)
		run.add(rec)
		s.show.record(rec)
	})
	s.show.end()
	run.Seconds = time.Since(started).Round(time.Millisecond).Seconds()
	if err != nil {
		return err
	}
	s.broken = false
	run.Exit, run.Error, run.Catalogue = end.Exit, censored(end).Error, end.Catalogue
	return run.judge(step, s.config.Strict)
}

// settle leaves no agent on the far side, and no last stage armed where the image is not sealed.
func (s *sealing) settle(ctx context.Context, failure error) error {
	err := errors.Join(failure, s.cleanUp(ctx))
	switch {
	case err == nil || !s.armed:
		return err
	case s.broken: // it could still arm
		return errors.Join(err, errStillArmed)
	}
	return errors.Join(err, s.disarm(ctx))
}

var errStillArmed = errors.New("the last stage may still be armed, and then seals the machine when it shuts down")

// cleanUp leaves no agent running and none on the disk, also when the build was cancelled.
func (s *sealing) cleanUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), cleanUpLimit, fmt.Errorf("not done within %v", cleanUpLimit))
	defer cancel()
	var stopped error
	if s.broken {
		stopped = s.machine.Stop(ctx)
		s.broken = stopped != nil
	}
	if err := s.machine.Remove(ctx); stopped == nil {
		return err
	}
	return stopped
}

// disarm takes the last stage back when the build has failed after it may have been armed: a machine that lives on must not be
// sealed by its next shutdown. The agent is brought anew, since a run that fails takes it away.
func (s *sealing) disarm(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), cleanUpLimit, fmt.Errorf("not done within %v", cleanUpLimit))
	defer cancel()
	s.machine = s.reach()
	err := s.setUp(ctx)
	if err == nil {
		err = s.do(ctx, disarming(s.config.deadline()))
	}
	if err = errors.Join(err, s.cleanUp(ctx)); err != nil {
		return errors.Join(errStillArmed, err)
	}
	s.armed = false
	return nil
}

// file closes the report and tells the outcome.
func (s *sealing) file(failure error) error {
	r := s.report
	r.Finished, r.LastStage = time.Now().UTC(), s.armed
	if s.config.Baseline == takeBaseline {
		return nil // the report is about sealing
	}
	r.Sealed = failure == nil
	if failure != nil {
		r.Error = clean(failure.Error())
	} else {
		s.show.title("sealed: %s", r.summary())
	}
	if s.config.Report == "" {
		return nil
	}
	return r.write(s.config.Report)
}
