package firstboot

import (
	"context"
	"errors"

	"github.com/leaven-dev/leaven/firstboot/config"
	"github.com/leaven-dev/leaven/internal/schema"
)

// Settled is an instance after first boot, for what runs later: its configuration as it was then, filled in, and what plugins
// make of it.
type Settled struct{ p *provision }

// Settled reads what first boot recorded. It asks nobody outside, so that it works whatever the network does.
func (a *Agent) Settled(ctx context.Context) (*Settled, error) {
	id, err := current(a.Root)
	if err != nil {
		return nil, err
	}
	if id == "" {
		return nil, WithCure(errors.New("first boot has not run on this instance"), "run `leaven firstboot`")
	}
	p := &provision{agent: a, book: &book{}, who: identification{Instance: Instance{ID: id, Source: FromRecord}}}
	p.ground() // the configuration's steps may come after those
	if err := p.read(ctx); err != nil {
		return nil, WithCure(oneLine(err), "see `leaven config check`")
	}
	return &Settled{p}, nil
}

// Env is what plugins are told.
func (s *Settled) Env() Env { return s.p.env() }

// Probes are those of all plugins.
func (s *Settled) Probes() []Probe {
	var all []Probe
	for _, part := range s.p.parts {
		if part.Probes != nil {
			all = append(all, part.Probes(s.Env())...)
		}
	}
	return all
}

// LeaveSteps are those of all plugins.
func (s *Settled) LeaveSteps() []Step {
	var all []Step
	for _, part := range s.p.parts {
		if part.Leave != nil {
			all = append(all, part.Leave(s.Env())...)
		}
	}
	return all
}

// Command runs a command of the configuration as first boot would. What it prints goes to the journal under a step's name. When
// ctx ends, it and what it started are told to end, and killed 5 s later.
func (s *Settled) Command(ctx context.Context, step string, c schema.Command) error {
	return s.p.commandWith(ctx, config.Run{Name: step}, c, nil)
}
