package firstboot

import (
	"context"
	"errors"
	"fmt"

	"github.com/leaven-dev/leaven/firstboot/config"
)

// provision is one run of the stage with network. Its steps come in three lots, since the later ones follow from the
// configuration, which the earlier ones find.
type provision struct {
	agent *Agent
	book  *book
	who   identification
	dry   bool

	image    *config.Loaded // from the image's files alone
	imageErr error
	launch   launch          // what the metadata service said, now or at an earlier boot
	config   *config.Loaded  // with user data, filled in; nil until it is known, and where it is wrong
	parts    []Part          // of the plugins, with their sections as config has them
	heard    bool            // the metadata service answers
	first    map[string]bool // ids of the first lot
	shell    []string        // variables for commands that are written for the shell: NAME=value
	gaveUp   error           // why nothing but the report is done
}

// ground is what has to be known before anything can be done: who this is, what user data says.
func (p *provision) ground() []Step {
	steps := []Step{p.identityStep()}
	p.image, p.imageErr = p.agent.imageConfig()
	after := []string{"identity"}
	if p.agent.UserData == nil && p.asksMetadata() {
		steps = append(steps, p.networkStep("identity"), p.metadataStep())
		after = []string{"metadata"}
	}
	steps = append(steps, p.userDataStep(after...), p.configStep())
	p.first = map[string]bool{}
	for _, s := range steps {
		p.first[s.ID] = true
	}
	return steps
}

// identityStep takes over how the stage before this one ended in this boot.
func (p *provision) identityStep() Step {
	return Step{
		ID:       "identity",
		Title:    "the identity stage of this boot",
		Policy:   Required,
		Deadline: quickly,
		Check: func(context.Context) (Verdict, error) {
			const cure = "see `journalctl -u leaven-identity`, then run `leaven firstboot`"
			rec, ran, err := loadStage(p.agent.Root, Identity, p.book.boot)
			switch {
			case err != nil:
				return Verdict{}, err
			case !ran:
				return Verdict{Text: "needs the identity stage, which has not run in this boot", Cure: cure}, nil
			case rec.Result == Running:
				return Verdict{}, WithCure(errors.New("leaven-identity.service was cut off"), cure)
			case rec.Result == Failed && rec.Message != "":
				return Verdict{}, WithCure(fmt.Errorf("it failed: %s", rec.Message), rec.Cure)
			case rec.Result == Failed:
				return Verdict{}, WithCure(errors.New("it failed"), cure)
			}
			return Verdict{OK: true, Text: string(rec.Result)}, nil
		},
	}
}

// work is what the configuration asks for, and what plugins need in any case.
func (p *provision) work() []Step {
	steps := p.hostNameSteps()
	steps = append(steps, p.sshSteps()...)
	steps = append(steps, p.volumeSteps()...)
	steps = append(steps, p.runSteps()...)
	for _, part := range p.parts {
		if part.Steps != nil {
			steps = append(steps, part.Steps(p.env())...)
		}
	}
	steps = append(steps, p.mountSteps(wanted(steps, "mounts"))...)
	for i := range steps {
		steps[i].After = append([]string{"config"}, steps[i].After...)
	}
	if !p.first["network"] && wanted(steps, "network") {
		steps = append(steps, p.networkStep("config"))
	}
	return steps
}

func (p *provision) env() Env {
	return Env{Root: p.agent.Root, Live: p.agent.Outside != nil, Instance: p.who.Instance, Config: p.config}
}

// wanted tells whether a step comes after one of this name.
func wanted(steps []Step, id string) bool {
	for _, s := range steps {
		for _, after := range s.After {
			if after == id {
				return true
			}
		}
	}
	return false
}
