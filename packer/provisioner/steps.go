package provisioner

import (
	"maps"
	"slices"
)

// A step is one run of the agent.
type step struct {
	title   string // what people are told before it
	command string
	flags   []string
	failed  string // what it means when the agent ends with 1
	arms    bool   // the last stage may be armed afterwards
}

// steps are the runs that the settings ask for. The order is a contract: what is installed is sealed with the rest, and the
// audit sees all of it.
func (s *sealing) steps() []step {
	c := s.config
	if c.Baseline == takeBaseline {
		return []step{{title: "taking a baseline", command: "bake", flags: append(s.flags(), "--baseline"), failed: "no baseline was taken"}}
	}
	var steps []step
	if s.installs() {
		steps = append(steps, step{title: "installing leaven into the image", command: "install", failed: "leaven could not be installed into it"})
	}
	if s.mounts != "" {
		steps = append(steps, step{
			title: "writing mounts into its fstab", command: "mounts apply", flags: []string{"--no-mount", "--config", s.mounts}, failed: "its mounts are not written",
		})
	}
	steps = append(steps, step{
		title: "sealing", command: "bake", flags: s.bakeFlags(), failed: "not all that must go is gone", arms: !c.LastStage.False(),
	})
	if !c.Audit.False() {
		steps = append(steps, step{title: "auditing", command: "audit", flags: s.auditFlags(), failed: "the audit found what must not be in it"})
	}
	return steps
}

// installs tells whether the image gets Leaven.
func (s *sealing) installs() bool {
	return !s.config.Install.False() && s.config.Baseline != takeBaseline
}

// bakeFlags leave to the last stage what it is for. Where none will run, as in a chroot, all is done now.
func (s *sealing) bakeFlags() []string {
	flags := append(s.flags(), s.selection()...)
	if s.config.LastStage.False() {
		flags = append(flags, "--stage", "all")
	} else {
		flags = append(flags, "--stage", "live", "--last-stage")
	}
	return switched(flags, map[string]bool{"--overwrite": s.config.Overwrite, "--zero-free": s.config.ZeroFree})
}

func (s *sealing) auditFlags() []string {
	flags := append(s.flags(), s.selection()...)
	for _, a := range s.config.Allow {
		flags = append(flags, "--allow", a.flag())
	}
	return switched(flags, map[string]bool{
		"--strict": s.config.Strict, "--full": s.config.Full, "--baseline": s.config.Baseline == useBaseline,
	})
}

// switched adds the flags that are on.
func switched(flags []string, on map[string]bool) []string {
	for _, flag := range slices.Sorted(maps.Keys(on)) {
		if on[flag] {
			flags = append(flags, flag)
		}
	}
	return flags
}

// flags are those of every run that looks at the image.
func (s *sealing) flags() []string {
	flags := []string{"--deadline", s.config.deadline().String()}
	if s.settings != "" {
		flags = append(flags, "--config", s.settings)
	}
	for _, mount := range s.config.CrossMounts {
		flags = append(flags, "--cross", mount)
	}
	return flags
}

// selection are the flags that sealing and audit must share to look at the same things.
func (s *sealing) selection() (flags []string) {
	c := s.config
	add := func(flag string, values ...string) {
		for _, value := range values {
			flags = append(flags, flag, value)
		}
	}
	if c.Profile != "" {
		add("--profile", c.Profile)
	}
	add("--skip", c.SkipRules...)
	add("--only", c.OnlyRules...)
	for _, id := range slices.Sorted(maps.Keys(c.Rules)) {
		add("--rule", id+"="+c.Rules[id])
	}
	if _, switched := c.Rules[swapFiles]; c.Mkswap && !switched {
		add("--rule", swapFiles+"=on") // as --mkswap does, and known to the audit too
	}
	add("--keep", c.KeepPaths...)
	if dir, onDisk := s.machine.OnDisk(); onDisk {
		add("--keep", dir) // else emptying /var/tmp takes the agent away before it audits
	}
	return flags
}
