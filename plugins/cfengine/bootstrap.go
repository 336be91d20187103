package cfengine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/leaven-dev/leaven/firstboot"
	"github.com/leaven-dev/leaven/internal/retry"
	"github.com/leaven-dev/leaven/internal/systemd"
)

// bootstrap runs cf-agent and looks at what it says, and, where that is bad, at what it destroyed: it begins by taking apart what
// is there. The policy is not run: that is for cf-execd, and would take minutes where the resolver does not answer.
func (h *host) bootstrap(ctx context.Context, target string, options ...string) error {
	before, err := h.standing()
	if err == nil {
		err = h.bootstrapped(false)
	}
	if err != nil {
		return err
	}
	daemon, err := systemd.State(ctx, executor)
	if err != nil {
		return err
	}
	args := append(options, "--bootstrap", target, "--skip-bootstrap-policy-run")
	out, err := command(ctx, h.layout.tool("cf-agent"), args...)
	if err = readOutcome(out).judge(h.Role, err); err == nil {
		// cf-agent starts the daemons, but not anew where cf-execd runs. From a bootstrap before, which was taken back, they have no policy.
		if daemon.Job || daemon.Active != "inactive" && daemon.Active != "failed" {
			if err := systemd.Restart(ctx, umbrella); err != nil {
				return err
			}
		}
		return h.bootstrapped(true)
	}
	after, lookErr := h.standing()
	if lookErr != nil {
		return errors.Join(err, lookErr)
	}
	if lost := before.lost(after); lost != "" {
		err = fmt.Errorf("%w; cf-agent removed %s", err, lost)
	}
	return err
}

func (h *host) bootstrapped(done bool) error {
	r, err := loadRecord(h.Root, h.Instance.ID)
	if err != nil {
		return err
	}
	r.Bootstrapped = done
	return r.save(h.Root, h.Instance.ID)
}

// is tells whether a bootstrap went through and what it made is there.
func (h *host) is(want standing) (bool, error) {
	r, err := loadRecord(h.Root, h.Instance.ID)
	if err != nil {
		return false, err
	}
	is, err := h.standing()
	return r.Bootstrapped && is == want, err
}

// standing is what there is of a bootstrap.
type standing struct {
	server string // policy_server.dat, "" where it is missing
	hub    bool   // state/am_policy_hub
	policy bool   // inputs/promises.cf
}

func (h *host) standing() (standing, error) {
	var s standing
	data, err := h.Root.ReadFile(h.layout.in("policy_server.dat"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s, err
	}
	s.server = strings.TrimSpace(string(data))
	if s.hub, err = h.Root.Exists(h.layout.in("state/am_policy_hub")); err != nil {
		return s, err
	}
	s.policy, err = h.Root.Exists(h.layout.in("inputs/promises.cf"))
	return s, err
}

// lost names what was there before.
func (s standing) lost(after standing) string {
	var names []string
	for _, f := range []struct {
		name          string
		before, after bool
	}{
		{"policy_server.dat", s.server != "", after.server != ""}, {"state/am_policy_hub", s.hub, after.hub}, {"inputs/promises.cf", s.policy, after.policy},
	} {
		if f.before && !f.after {
			names = append(names, f.name)
		}
	}
	return strings.Join(names, ", ")
}

// bootstrapStep makes a hub of this host: it bootstraps against its own address, never another's.
func (h *host) bootstrapStep() firstboot.Step {
	s := h.step("bootstrap", "a policy hub", thorough,
		func(ctx context.Context) (firstboot.Verdict, error) {
			address, err := h.ownAddress()
			if err != nil {
				return firstboot.Verdict{}, err
			}
			if is, err := h.is(standing{address, true, true}); err != nil || !is {
				return firstboot.Verdict{Text: "would bootstrap against " + address}, err
			}
			return firstboot.Verdict{OK: true, Text: "policy server " + address}, h.ownTrusted()
		},
		func(ctx context.Context) error {
			address, err := h.ownAddress()
			if err != nil {
				return err
			}
			if err := h.notBalancers(ctx, address); err != nil {
				return err
			}
			err = retry.Do(ctx, func(ctx context.Context) error {
				err := h.bootstrap(ctx, address)
				if err != nil && !errors.Is(err, errEarly) {
					err = retry.Stop(err)
				}
				return err
			})
			return firstboot.WithCure(err, "run `leaven firstboot`; it bootstraps against "+address+" again")
		})
	s.After = []string{"network"}
	return s
}

// ownTrusted looks whether the key that CFEngine trusts for this hub is its own.
func (h *host) ownTrusted() error {
	r, err := loadRecord(h.Root, h.Instance.ID)
	if err != nil {
		return err
	}
	data, err := h.Root.ReadFile(h.layout.in("ppkeys", trustedName(r.Digest)))
	if err != nil {
		return fmt.Errorf("the hub does not trust its own key: %w", err)
	}
	key, err := parsePublic(data)
	if err == nil && digestOf(r.Digest, key) != r.Digest {
		err = errors.New("it holds another key")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", h.layout.in("ppkeys", trustedName(r.Digest)), err)
	}
	return nil
}
