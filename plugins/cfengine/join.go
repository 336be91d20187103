package cfengine

import (
	"context"
	"errors"
	"net"

	"github.com/leaven-dev/leaven/firstboot"
	"github.com/leaven-dev/leaven/internal/retry"
	"github.com/leaven-dev/leaven/internal/systemd"
)

// joinStep makes a client of this host.
func (h *host) joinStep() firstboot.Step {
	s := h.step("bootstrap", "a client of the hubs", patiently,
		func(ctx context.Context) (firstboot.Verdict, error) {
			if is, err := h.is(standing{server: h.Hub, policy: true}); err != nil || !is {
				return firstboot.Verdict{Text: "would bootstrap against " + h.Hub}, err
			}
			if s, err := systemd.State(ctx, executor); err != nil || s.Active != "active" {
				return firstboot.Verdict{Text: "policy server " + h.Hub + "; would start cf-execd"}, err
			}
			return firstboot.Verdict{OK: true, Text: "policy server " + h.Hub}, nil
		}, h.join)
	s.After = []string{"network"}
	return s
}

// join waits for a hub and bootstraps against it. Nobody is asked to before somebody shows the right key: a bootstrap that fails
// has taken apart what was there.
func (h *host) join(ctx context.Context) error {
	is, err := h.is(standing{server: h.Hub, policy: true})
	if err != nil {
		return err
	}
	if !is {
		if err := retry.Do(ctx, h.tryJoin); err != nil {
			return err
		}
	}
	return h.start(ctx, executor)
}

func (h *host) tryJoin(ctx context.Context) error {
	want, err := h.readPin()
	if err != nil {
		return retry.Stop(err)
	}
	form, err := h.form(ctx)
	if err != nil {
		return retry.Stop(err)
	}
	key, err := served(ctx, net.JoinHostPort(h.Hub, port))
	if err != nil {
		return firstboot.WithCure(err, "see that "+net.JoinHostPort(h.Hub, port)+" can be reached from here, and that a hub is healthy; then run `leaven firstboot`")
	}
	var options []string
	if !want.none() {
		if is := digestOf(form, key); is != want.in(form) {
			return retry.Stop(foreign(h.Hub, is, want.in(form)))
		}
		options = []string{"--trust-server=no"} // with a blank in the place of "=", cf-agent takes no notice
	}
	// A hub that hangs in the middle would hold cf-agent for minutes.
	attempt, cancel := context.WithTimeout(ctx, thorough/3)
	defer cancel()
	err = h.bootstrap(attempt, h.Hub, options...)
	switch {
	case err == nil || errors.Is(err, errEarly):
		return err
	case !errors.Is(err, errUnreached) && attempt.Err() == nil:
		return retry.Stop(err)
	}
	return firstboot.WithCure(err, "see on a hub, in `journalctl -u cf-serverd`, why it turned this host away: its acl, or trust_keys_from; then run `leaven firstboot`")
}
