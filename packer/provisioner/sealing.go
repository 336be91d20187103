package provisioner

import (
	"context"
	"fmt"
	"time"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"github.com/leaven-dev/leaven/bake/report"
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
	config  *Config
	agents  agent.Set
	machine *remote.Machine
	show    *show
	report  *Report
	broken  bool // a run was given up, so the agent may still be working
}

func newSealing(p *Provisioner, ui packersdk.Ui, comm packersdk.Communicator) *sealing {
	c := &p.config
	return &sealing{
		config:  c,
		agents:  p.agents,
		machine: remote.New(comm, remote.Options{Staging: c.StagingDirectory, Password: c.SudoPassword}),
		show:    &show{ui: ui},
		report: &Report{
			Schema: "leaven/packer/1", Version: p.version, Build: c.PackerBuildName, Builder: c.PackerBuilderType,
			Started: time.Now().UTC(), Runs: []*Run{},
		},
	}
}

// run goes from the probe to the audit. The order is a contract: what is installed is sealed with the rest, and the audit
// sees all of it.
func (s *sealing) run(ctx context.Context) error {
	if err := s.setUp(ctx); err != nil {
		return err
	}
	if !s.config.Install.False() {
		s.show.title("installing leaven into the image")
		if err := s.agent(ctx, "install"); err != nil {
			return err
		}
	}
	s.show.title("sealing")
	if err := s.agent(ctx, "bake", s.bakeFlags()...); err != nil {
		return err
	}
	if s.config.Audit.False() {
		s.show.title("not audited, as audit is false")
		return nil
	}
	s.show.title("auditing")
	return s.agent(ctx, "audit", s.auditFlags()...)
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
	return s.machine.Upload(ctx, a)
}

// agent runs one command of the agent and judges how it ended.
func (s *sealing) agent(ctx context.Context, command string, flags ...string) error {
	run := &Run{Command: command, Changes: []report.Change{}, Findings: []report.Finding{}, Notes: []string{}}
	s.report.Runs = append(s.report.Runs, run)
	started := time.Now()
	s.broken = true
	end, err := s.machine.Run(ctx, remote.Job{
		Command: command, Flags: flags, Version: s.report.Version, Limit: s.config.deadline() + graceLimit,
	}, func(rec wire.Record) {
		rec = censored(rec)
		run.add(rec)
		s.show.record(rec)
	})
	s.show.flush()
	run.Seconds = time.Since(started).Round(time.Millisecond).Seconds()
	if err != nil {
		return err
	}
	s.broken = false
	run.Exit, run.Error = end.Exit, censored(end).Error
	return run.judge(s.config.Strict)
}

// bakeFlags leave to the last stage what it is for. Where none will run, as in a chroot, all is done now.
func (s *sealing) bakeFlags() []string {
	if s.config.LastStage.False() {
		return append([]string{"--stage", "all"}, s.selection()...)
	}
	return append(append([]string{"--stage", "live"}, s.selection()...), "--last-stage")
}

func (s *sealing) auditFlags() []string {
	if s.config.Strict {
		return append(s.selection(), "--strict")
	}
	return s.selection()
}

// selection are the flags that sealing and audit must share to look at the same things.
func (s *sealing) selection() []string {
	c := s.config
	flags := []string{"--deadline", c.deadline().String()}
	if c.Profile != "" {
		flags = append(flags, "--profile", c.Profile)
	}
	for _, rule := range c.SkipRules {
		flags = append(flags, "--skip", rule)
	}
	for _, rule := range c.OnlyRules {
		flags = append(flags, "--only", rule)
	}
	for _, path := range c.KeepPaths {
		flags = append(flags, "--keep", path)
	}
	if dir, onDisk := s.machine.OnDisk(); onDisk {
		flags = append(flags, "--keep", dir) // else emptying /var/tmp takes the agent away before it audits
	}
	return flags
}

// cleanUp leaves no agent running and none on the disk, also when the build was cancelled.
func (s *sealing) cleanUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), cleanUpLimit, fmt.Errorf("not done within %v", cleanUpLimit))
	defer cancel()
	var stopped error
	if s.broken {
		stopped = s.machine.Stop(ctx)
	}
	if err := s.machine.Remove(ctx); stopped == nil {
		return err
	}
	return stopped
}

// file closes the report and tells the outcome.
func (s *sealing) file(failure error) error {
	r := s.report
	r.Finished, r.Sealed = time.Now().UTC(), failure == nil
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
