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
	cleanUpLimit = 2 * time.Minute  // an emulated machine under load took 27 s to take the last stage back
	graceLimit   = time.Minute      // what a run gets beyond the deadline that the agent keeps by itself
)

// A sealing is one build's work on one machine.
type sealing struct {
	config   *Config
	agents   agent.Set
	machine  *remote.Machine
	settings string // where the template's bake.yaml lies on the far side; empty where it names none
	mounts   string // the same of its mounts
	show     *show
	report   *Report
	broken   bool // a run was given up, so the agent may still be working
	armed    bool // the last stage may be armed
}

func newSealing(p *Provisioner, ui packersdk.Ui, comm packersdk.Communicator) *sealing {
	c := &p.config
	return &sealing{
		config: c, agents: p.agents, show: &show{ui: ui}, report: newReport(p.version, c),
		machine: remote.New(comm, remote.Options{Staging: c.StagingDirectory, Password: c.SudoPassword}),
	}
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
	if err := s.machine.Upload(ctx, a); err != nil {
		return err
	}
	if s.installs() {
		if err := s.machine.UploadBoot(ctx, a); err != nil {
			return err
		}
	}
	if s.config.settingsText != nil {
		if s.settings, err = s.machine.UploadSettings(ctx, s.config.settingsText); err != nil {
			return err
		}
	}
	if s.config.mountsText != nil {
		s.mounts, err = s.machine.UploadMounts(ctx, s.config.mountsText)
	}
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
		Command: step.command, Flags: step.flags, Version: s.report.Version, Limit: s.config.deadline() + graceLimit, Armed: s.armed,
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

// settle leaves no agent on the far side, and no last stage armed where the image is not sealed: a machine that lives on must
// not be sealed by its next shutdown. It works when the build was cancelled too.
func (s *sealing) settle(ctx context.Context, failure error) error {
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), cleanUpLimit, fmt.Errorf("not done within %v", cleanUpLimit))
	defer cancel()
	var stopped error
	switch {
	case failure != nil && s.armed:
		s.show.title("taking the last stage back, as the image is not sealed")
		stopped = s.machine.Disarm(ctx)
		s.armed = stopped != nil
	case s.broken:
		stopped = s.machine.Stop(ctx)
	}
	removed := s.machine.Remove(ctx)
	if stopped != nil {
		removed = nil // it would only say the same
	}
	return errors.Join(failure, stopped, removed)
}

// file closes the report, tells the outcome, and returns what went wrong in all.
func (s *sealing) file(failure error) error {
	r := s.report
	r.Finished, r.LastStage = time.Now().UTC(), s.armed
	if s.config.Baseline == takeBaseline {
		return failure // the report is about sealing
	}
	r.Sealed = failure == nil
	if failure != nil {
		r.Error = clean(failure.Error())
	} else {
		s.show.title("sealed: %s", r.summary())
	}
	if s.config.Report == "" {
		return failure
	}
	return errors.Join(failure, r.write(s.config.Report))
}
