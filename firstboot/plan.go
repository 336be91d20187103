package firstboot

import (
	"context"
	"fmt"
	"strings"
)

// Plan tells what a run would do, a line a step, and changes nothing. It does not wait for network or metadata service; what the
// configuration asks for is taken from the files, from user data that was given or is recorded.
func (a *Agent) Plan(ctx context.Context, stages ...Stage) ([]string, error) {
	b, who, err := a.read("")
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, stage := range stages {
		phases := [][]Step{a.identitySteps(b, who)}
		if stage == Provision {
			p := &provision{agent: a, book: b, who: who, dry: true}
			phases = [][]Step{p.ground()}
			if err := p.read(ctx); err != nil {
				return lines, err
			}
			phases = append(phases, p.work(), p.report())
		}
		known := map[string]bool{}
		for _, steps := range phases {
			sorted, err := order(steps, known)
			if err != nil {
				return lines, err
			}
			for _, s := range sorted {
				known[s.ID] = true
				after := ""
				if len(s.After) > 0 {
					after = " (after " + strings.Join(s.After, ", ") + ")"
				}
				lines = append(lines, fmt.Sprintf("%s%s: %s", s.ID, after, b.plan(ctx, s)))
			}
		}
	}
	return lines, nil
}

func (b *book) plan(ctx context.Context, s Step) string {
	if s.Foresee != "" {
		return s.Foresee
	}
	if s.Check == nil {
		if rec, there := b.step(s.ID); there && !rec.Done.IsZero() {
			return "nothing to do: done before"
		}
		return "would be done once: " + s.Title
	}
	v, err := s.Check(ctx)
	switch {
	case err != nil:
		return "would fail: " + err.Error()
	case v.OK:
		return "nothing to do: " + v.Text
	}
	return v.Text
}
