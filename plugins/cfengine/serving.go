package cfengine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/leaven-dev/leaven/firstboot"
	"github.com/leaven-dev/leaven/internal/systemd"
)

// servingStep is the proof: clients that connect now find the right key.
func (h *host) servingStep() firstboot.Step {
	return h.step("serving", "the hub serves", thorough,
		func(ctx context.Context) (firstboot.Verdict, error) {
			if err := active(ctx, daemons()); err != nil {
				return firstboot.Verdict{Text: err.Error() + "; would start it"}, nil
			}
			text, err := h.serves(ctx, settled)
			if err != nil {
				return firstboot.Verdict{Text: err.Error() + "; would see to cf-serverd"}, nil
			}
			return firstboot.Verdict{OK: true, Text: text}, nil
		},
		func(ctx context.Context) error { return h.start(ctx, daemons()...) })
}

// errOtherKey says what a cf-serverd does that was started before the key was there, or without the share.
var errOtherKey = errors.New("cf-serverd has another key; start " + umbrella + " anew")

// serves connects to this hub as clients do, and looks whether it has a policy for them, which the journal may take so long to tell.
func (h *host) serves(ctx context.Context, journal time.Duration) (string, error) {
	r, err := loadRecord(h.Root, h.Instance.ID)
	if err != nil {
		return "", err
	}
	address, err := h.ownAddress()
	if err != nil {
		return "", err
	}
	key, err := served(ctx, net.JoinHostPort(address, port))
	if err != nil {
		return "", err
	}
	if is := digestOf(r.Digest, key); is != r.Digest {
		return "", fmt.Errorf("%w: it shows %s, and the hubs' key is %s", errOtherKey, is, r.Digest)
	}
	if err := servesPolicy(ctx, journal); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s at %s", r.Digest, net.JoinHostPort(address, port)), nil
}

// settled is how long cf-serverd may take from its start until it answers.
const settled = 15 * time.Second

// start starts daemons that are not running and waits until they are active, and a hub serves. Where cf-serverd shows another key, has
// no policy or hangs, all are started anew: what one of them missed, the others did.
func (h *host) start(ctx context.Context, units ...string) error {
	for _, unit := range append([]string{umbrella}, units...) {
		if err := systemd.Start(ctx, unit); err != nil {
			return err
		}
	}
	began, again := time.Now(), false
	for {
		err := active(ctx, units)
		if err == nil && h.Role == hub {
			_, err = h.serves(ctx, settled)
			if !again && (errors.Is(err, errOtherKey) || errors.Is(err, errNoPolicy) || err != nil && time.Since(began) > settled) {
				again = true
				if err := systemd.Restart(ctx, umbrella); err != nil {
					return err
				}
			}
		}
		if err == nil {
			return nil
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return firstboot.WithCure(fmt.Errorf("%w (%w)", err, context.Cause(ctx)), "see `journalctl -u "+strings.Join(units, " -u ")+"`")
		}
	}
}

// active is an error that names one of the units that is not active.
func active(ctx context.Context, units []string) error {
	for _, unit := range units {
		s, err := systemd.State(ctx, unit)
		if err != nil {
			return err
		}
		if s.Active != "active" {
			return fmt.Errorf("%s is %s (%s)", unit, s.Active, s.Result)
		}
	}
	return nil
}
