package firstboot

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/leaven-dev/leaven/internal/fstab"
	"github.com/leaven-dev/leaven/internal/journal"
	"github.com/leaven-dev/leaven/mounts"
	"github.com/leaven-dev/leaven/mounts/volume"
)

// formatting is how long a volume's step may take beyond the wait for its device: file systems of many TiB are checked or grown in
// minutes.
const formatting = 15 * time.Minute

// volumeSteps bring up the volumes of the configuration, one step each: "volume-srv-data" for /srv/data. They need no network. Where
// the configuration names none, and fstab has none of it, there are no steps.
func (p *provision) volumeSteps() []Step {
	specs := p.config.Volumes
	host := volume.New(p.agent.Root, p.agent.Outside != nil, func(text string) {
		p.agent.Log(journal.Entry{Message: text, Stage: string(Provision)})
	})
	host.Tag = fstab.Tag + "=" + string(mounts.FirstBoot)
	var steps []Step
	if gone, err := host.Unwanted(specs); err != nil || len(gone) > 0 {
		steps = append(steps, pruneStep(host, specs))
	}
	ids := volumeIDs(specs)
	for i, spec := range specs {
		s := volumeStep(host, ids[i], spec)
		for j, other := range specs {
			if strings.HasPrefix(spec.At, other.At+"/") {
				s.After = append(s.After, ids[j])
			}
		}
		steps = append(steps, s)
	}
	return steps
}

// volumeIDs names the steps after where the volumes are mounted.
func volumeIDs(specs []volume.Spec) []string {
	var points []string
	for _, s := range specs {
		points = append(points, s.At)
	}
	return pathIDs("volume-", points)
}

func volumeStep(host *volume.Host, id string, spec volume.Spec) Step {
	return Step{
		ID: id, Title: spec.Name() + " at " + spec.At, Policy: Policy(spec.Policy), Deadline: spec.Wait + formatting,
		Check: func(ctx context.Context) (Verdict, error) {
			plan, err := host.Plan(ctx, spec)
			if err != nil {
				return Verdict{}, withVolumeCure(err)
			}
			if plan.Done() {
				return Verdict{OK: true, Text: plan.State}, nil
			}
			return Verdict{Text: strings.TrimPrefix(plan.Device+": would ", ": ") + strings.Join(plan.Actions, ", ")}, nil
		},
		Apply: func(ctx context.Context) error { return withVolumeCure(host.Apply(ctx, spec)) },
	}
}

// withVolumeCure takes over the cure that a refusal has.
func withVolumeCure(err error) error {
	if r, ok := errors.AsType[*volume.Refusal](err); ok {
		return WithCure(err, r.Cure)
	}
	return err
}

// pruneStep removes the lines of volumes from fstab that the configuration does not name any more.
func pruneStep(host *volume.Host, specs []volume.Spec) Step {
	return Step{
		ID: "volumes-unwanted", Title: "volumes that are not wanted any more", Policy: Degrade, Deadline: DefaultDeadline,
		Check: func(context.Context) (Verdict, error) {
			gone, err := host.Unwanted(specs)
			if err != nil || len(gone) > 0 {
				return Verdict{Text: "would remove from fstab: " + strings.Join(gone, ", ")}, err
			}
			return Verdict{OK: true, Text: "removed from fstab; what is mounted stays until the next boot"}, nil
		},
		Apply: func(ctx context.Context) error {
			_, err := host.Prune(ctx, specs)
			return err
		},
	}
}
