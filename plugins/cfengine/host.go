package cfengine

import (
	"context"
	"errors"
	"time"

	"github.com/leaven-dev/leaven/firstboot"
)

// host is this instance, as the steps of a role see it.
type host struct {
	firstboot.Env
	*Settings
	layout layout
}

func newHost(env firstboot.Env, s *Settings) (*host, error) {
	if s.Role == "" {
		return nil, errors.New("the section cfengine: does not say which role this host has: hub, client or deployer")
	}
	l, err := needed(env.Root)
	return &host{env, s, l}, err
}

// step makes a step of a role. They come one after another.
func (h *host) step(id, title string, deadline time.Duration, check func(context.Context) (firstboot.Verdict, error), apply func(context.Context) error) firstboot.Step {
	s := firstboot.Step{ID: "cfengine-" + id, Title: title, Policy: firstboot.Required, Deadline: deadline, Check: check, Apply: apply}
	if !h.Live {
		s.Foresee = "looked at on the running system only: " + title
		s.Check = func(context.Context) (firstboot.Verdict, error) {
			return firstboot.Verdict{}, errors.New("CFEngine can be set up on the running system only")
		}
	}
	return s
}

// sequence lets each step wait for the one before.
func sequence(steps ...firstboot.Step) []firstboot.Step {
	for i := range steps[1:] {
		steps[i+1].After = append(steps[i+1].After, steps[i].ID)
	}
	return steps
}

// Deadlines. Every tool of CFEngine takes 5 s more when the resolver does not answer; RSA takes half a minute where the CPU is
// emulated; NFS can show what another client made after a minute only.
const (
	quickly   = 30 * time.Second
	thorough  = 5 * time.Minute
	patiently = 10 * time.Minute // a balancer without a healthy hub behind it
)

// steps of the roles, in order.
func (h *host) steps() []firstboot.Step {
	switch h.Role {
	case hub:
		steps := []firstboot.Step{h.stateStep()}
		if h.Shared {
			steps = append(steps, h.shareStep(h.layout.keys(), h.layout.masterfiles()), h.unitsStep())
		}
		steps = append(steps, h.keyStep(), h.seedStep(), h.policyStep(), h.bootstrapStep(), h.servingStep())
		if h.Balancer != "" {
			steps = append(steps, h.balancerStep())
		}
		return sequence(steps...)
	case client:
		return sequence(h.stateStep(), h.keyStep(), h.pinStep(), h.joinStep())
	}
	share := h.shareStep(h.layout.masterfiles())
	share.After, share.Regardless = []string{"mounts"}, true // it looks for itself, and says what is wrong
	return []firstboot.Step{share}
}
