// Package unit switches on a unit of Leaven that is installed but off: first boot does so at each boot, if the configuration asks
// for it. What is switched on lies in /run and ends with the boot, so that an image that is made of the instance has none of it,
// and what the configuration does not ask for any more is off after a reboot.
//
// Not for units of others: their packages have presets, and `systemctl enable` in the image.
package unit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/leaven-dev/leaven/firstboot"
	"github.com/leaven-dev/leaven/internal/rootfs"
	"github.com/leaven-dev/leaven/internal/systemd"
)

// On is a unit to be switched on.
type On struct {
	ID, Title string // of the step
	Name      string // of the unit: "leaven-health.socket"
	Settings  string // a drop-in for it; when it changes, the unit is started anew
}

// dropIn is the file that makes the settings count (systemd.unit(5)).
func (o On) dropIn() string { return "/run/systemd/system/" + o.Name + ".d/leaven.conf" }

// manager is what the step needs of systemd; a struct, so that tests can stand in for it.
type manager struct {
	reload  func(context.Context) error
	restart func(ctx context.Context, unit string) error
	state   func(ctx context.Context, unit string) (systemd.UnitState, error)
}

// Step is the step that switches the unit on. The instance works without it, so that a failure degrades it.
func (o On) Step(env firstboot.Env) firstboot.Step {
	return o.step(env.Root, manager{systemd.Reload, systemd.Restart, systemd.State})
}

func (o On) step(root *rootfs.Root, m manager) firstboot.Step {
	return firstboot.Step{
		ID: o.ID, Title: o.Title, Policy: firstboot.Degrade, Deadline: 5 * time.Minute, // systemd reads its files anew, which is slow where the CPU is emulated
		Check: func(ctx context.Context) (firstboot.Verdict, error) {
			is, err := root.ReadFile(o.dropIn())
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return firstboot.Verdict{}, err
			}
			if string(is) != o.Settings {
				return firstboot.Verdict{Text: "would start " + o.Name}, nil
			}
			s, err := m.state(ctx, o.Name)
			if err != nil {
				return firstboot.Verdict{}, err
			}
			if s.Active != "active" {
				return firstboot.Verdict{Text: fmt.Sprintf("%s is %s; would start it", o.Name, s.Active)}, nil
			}
			return firstboot.Verdict{OK: true, Text: o.Name + " is active"}, nil
		},
		Apply: func(ctx context.Context) error {
			if err := root.WriteFile(o.dropIn(), []byte(o.Settings), 0o644); err != nil {
				return err
			}
			if err := m.reload(ctx); err != nil {
				return err
			}
			if err := m.restart(ctx, o.Name); err != nil {
				return err
			}
			return o.wait(ctx, m)
		},
	}
}

// wait returns when the unit is up. Starting it does not block (a job that waits for first boot itself would never end), so this
// looks, and has a deadline.
func (o On) wait(ctx context.Context, m manager) error {
	for {
		s, err := m.state(ctx, o.Name)
		switch {
		case err != nil:
			return err
		case s.Job:
		case s.Active == "active":
			return nil
		case s.Active == "failed":
			return firstboot.WithCure(fmt.Errorf("cannot start %s: %s", o.Name, s.Result), "see `journalctl -u "+o.Name+"`")
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("%s is still %s: %w", o.Name, s.Active, context.Cause(ctx))
		}
	}
}
