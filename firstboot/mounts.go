package firstboot

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/leaven-dev/leaven/internal/systemd"
	"github.com/leaven-dev/leaven/mounts"
	"github.com/leaven-dev/leaven/mounts/nfs"
)

// mountSteps bring up the network file systems of the configuration: "fstab" writes what later boots need, then there is a step
// for each mount, "mount-srv-data" for /srv/data, and "mounts" comes after all of them, for others to name. The mounts wait for their
// servers side by side, so that a dead one holds up nobody. Where the configuration names none, fstab is only tidied up; "mounts"
// is there then if some other step comes after it.
func (p *provision) mountSteps(named bool) []Step {
	list := p.config.Mounts
	table, err := mounts.NewTable(p.agent.Root, mounts.FirstBoot, p.launch.Values["instance.region"], list)
	if table != nil {
		table.Client = p.who.ID
	}
	var steps []Step
	var all []string
	if err != nil || p.tableDiffers(table) || len(list) > 0 {
		steps = append(steps, p.fstabStep(table, err))
		all = append(all, "fstab")
	}
	if p.agent.Outside != nil || p.dry {
		mounter := nfs.New()
		if p.agent.Outside != nil {
			mounter.Targets = p.agent.Outside.MountTargets
		}
		mounter.Zone = p.launch.Values["instance.zone"]
		var points []string
		for _, m := range list {
			points = append(points, m.At)
		}
		ids := pathIDs("mount-", points)
		for i, m := range list {
			s := p.mountStep(ids[i], m, table, i, *mounter)
			for j, other := range points {
				if strings.HasPrefix(m.At, other+"/") {
					s.After = append(s.After, ids[j])
				}
			}
			for j, v := range p.config.Volumes {
				if strings.HasPrefix(m.At, v.At+"/") {
					s.After = append(s.After, volumeIDs(p.config.Volumes)[j])
				}
			}
			steps = append(steps, s)
		}
		all = append(all, ids...)
	}
	if named || len(list) > 0 {
		steps = append(steps, Step{
			ID: "mounts", Title: "all mounts", Foresee: fmt.Sprintf("comes after %d mounts", len(list)), After: all, Policy: Degrade, Deadline: quickly, // each mount has a policy of its own
			Check: func(context.Context) (Verdict, error) {
				return Verdict{OK: true, Text: fmt.Sprintf("%d in order", len(list))}, nil
			},
		})
	}
	return steps
}

// tableDiffers tells whether something is to be done where the configuration names no mounts.
func (p *provision) tableDiffers(table *mounts.Table) bool {
	if table == nil {
		return false
	}
	changes, err := table.Plan()
	return err != nil || len(changes) > 0
}

// rereading is the deadline of a step that has systemd read its files anew: a fraction of a second, and more than a minute where the
// CPU is emulated and shared. Without that no mount comes up.
const rereading = 5 * time.Minute

// fstabStep writes folders, fstab and drop-ins. The table is nil where err says why there is none.
func (p *provision) fstabStep(table *mounts.Table, err error) Step {
	policy := Degrade
	if slices.ContainsFunc(p.config.Mounts, func(m mounts.Mount) bool { return m.Policy == string(Required) }) {
		policy = Required
	}
	return Step{
		ID: "fstab", Title: "lines in fstab, and what needs them", Policy: policy, Deadline: rereading,
		Check: func(context.Context) (Verdict, error) {
			if err != nil {
				return Verdict{}, WithCure(err, "correct it; `leaven config check` looks at it without a boot")
			}
			changes, err := table.Plan()
			if err != nil {
				return Verdict{}, WithCure(err, "look at /etc/fstab")
			}
			if len(changes) > 0 {
				return Verdict{Text: "would " + strings.Join(changes, ", ")}, nil
			}
			return p.foreignProblems(table)
		},
		Apply: func(ctx context.Context) error {
			changed, err := table.Apply(ctx)
			if err != nil || !changed || p.agent.Outside == nil {
				return err
			}
			return systemd.Reload(ctx)
		},
	}
}

// foreignProblems tells of broken lines of others, which are kept.
func (p *provision) foreignProblems(table *mounts.Table) (Verdict, error) {
	problems, err := table.Problems()
	text := "in order"
	if len(problems) > 0 {
		text = fmt.Sprintf("in order, but for lines that are not Leaven's: %v", problems)
	}
	return Verdict{OK: true, Text: text}, err
}

func (p *provision) mountStep(id string, m mounts.Mount, table *mounts.Table, i int, mounter nfs.Mounter) Step {
	mounter.Tell = func(text string) { p.agent.say(id, text) }
	host := &mounts.Host{Root: p.agent.Root, Mounter: &mounter}
	return Step{
		ID: id, Title: "the mount at " + m.At, After: []string{"network", "fstab"}, Policy: Policy(m.Policy),
		Deadline: m.Deadline + time.Minute, // the mount's own deadline comes first, and says what was waited for
		Check: func(ctx context.Context) (Verdict, error) {
			if table == nil {
				return Verdict{Text: "would mount it"}, nil // a dry run; else the step before this one has failed
			}
			ok, text, err := host.Check(ctx, m, table.Shares[i])
			return Verdict{OK: ok, Text: text}, WithCure(err, "see `findmnt "+m.At+"`")
		},
		Apply: func(ctx context.Context) error {
			ctx, cancel := context.WithTimeoutCause(ctx, m.Deadline, fmt.Errorf("tried for %v", m.Deadline))
			defer cancel()
			return WithCure(host.Bring(ctx, m, table.Shares[i]), "see what the server exports and to whom (EFS: mount targets, security groups, policy); then run `leaven firstboot`")
		},
	}
}

// pathIDs names steps after paths: small letters, digits and dashes.
func pathIDs(prefix string, paths []string) []string {
	var ids []string
	taken := map[string]int{}
	for _, at := range paths {
		id := prefix + strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
				return r
			}
			return '-'
		}, strings.ToLower(strings.Trim(at, "/")))
		if taken[id]++; taken[id] > 1 { // /a/b after /a-b
			id += fmt.Sprintf("-%d", taken[id])
		}
		ids = append(ids, id)
	}
	return ids
}
