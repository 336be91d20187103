package firstboot

import (
	"context"
	"errors"
	"fmt"
)

// provisionSteps is what an instance needs besides its identity. It runs with network, and nothing of the boot waits for it.
func (a *Agent) provisionSteps(boot string) []Step {
	steps := []Step{{
		ID:       "identity",
		Title:    "the identity stage of this boot",
		Policy:   Required,
		Deadline: quickly,
		Check: func(context.Context) (Verdict, error) {
			const cure = "see `journalctl -u leaven-identity`, then run `leaven firstboot`"
			rec, ran, err := loadStage(a.Root, Identity, boot)
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
	}}
	for _, s := range a.Steps {
		s.After = append([]string{"identity"}, s.After...)
		steps = append(steps, s)
	}
	return steps
}
