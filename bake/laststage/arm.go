package laststage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/coreos/go-systemd/v22/dbus"
)

// Longest is how long the last stage can take: systemd cuts the power 30 minutes after poweroff.target was asked for
// (systemd.special(7); JobTimeoutSec= of the unit), and something has to be left for the rest of the shutdown.
const Longest = 27 * time.Minute

// Arm makes the system run `PROGRAM args…` when it powers off, for at most limit. Program is this agent's own file; a copy of it
// in memory is used where the image shall not hold one. Mounts are the mount points that belong to the image. Arming again
// replaces what was armed before.
func Arm(ctx context.Context, args, mounts []string, limit time.Duration) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("cannot arm the last stage: %w", err)
		}
	}()
	program, err := keepProgram(ctx)
	if err != nil {
		return err
	}
	systemd, err := dbus.NewSystemdConnectionContext(ctx)
	if err != nil {
		return fmt.Errorf("this system does not run under systemd: %w", err)
	}
	defer systemd.Close()
	units, err := systemd.ListUnitsByPatternsContext(ctx, []string{"active", "activating", "deactivating"},
		[]string{"*.service", "*.scope", "*.socket", "*.timer", "*.path"})
	if err != nil {
		return fmt.Errorf("cannot list the running units: %w", err)
	}
	var running []string
	for _, u := range units {
		running = append(running, u.Name)
	}
	if err := load(ctx, systemd, armed(append([]string{program}, args...), running, mounts, limit)); err != nil {
		return err
	}
	return wait(ctx, func(done chan<- string) (int, error) { return systemd.StartUnitContext(ctx, Unit, "replace", done) })
}

// Disarm takes back what Arm did, whatever is left of it, and tells whether the last stage was armed. It seals nothing.
func Disarm(ctx context.Context) (was bool, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("cannot disarm the last stage: %w", err)
		}
	}()
	if _, err := os.Stat(unitFile); errors.Is(err, os.ErrNotExist) {
		return false, drop()
	}
	systemd, err := dbus.NewSystemdConnectionContext(ctx)
	if err != nil {
		return false, err
	}
	defer systemd.Close()
	if was, err = active(ctx, systemd); err != nil {
		return false, err
	}
	// Stopping it as it is would seal.
	if err := load(ctx, systemd, disarmed); err != nil {
		return false, err
	}
	if was {
		if err := wait(ctx, func(done chan<- string) (int, error) { return systemd.StopUnitContext(ctx, Unit, "replace", done) }); err != nil {
			return false, err
		}
	}
	if err := os.Remove(unitFile); err != nil {
		return false, err
	}
	return was, errors.Join(systemd.ReloadContext(ctx), drop())
}

// Armed tells whether the last stage will run on this system. No systemd means no.
func Armed(ctx context.Context) (bool, error) {
	if _, err := os.Stat(unitFile); errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	systemd, err := dbus.NewWithContext(ctx)
	if err != nil {
		return false, fmt.Errorf("cannot tell whether the last stage is armed: %w", err)
	}
	defer systemd.Close()
	is, err := active(ctx, systemd)
	if err != nil {
		return false, fmt.Errorf("cannot tell whether the last stage is armed: %w", err)
	}
	return is, nil
}

func active(ctx context.Context, systemd *dbus.Conn) (bool, error) {
	state, err := systemd.GetUnitPropertyContext(ctx, Unit, "ActiveState")
	if err != nil {
		return false, err
	}
	return state.Value.Value() == "active", nil
}

// load gives systemd the unit's file. It starts and stops nothing.
func load(ctx context.Context, systemd *dbus.Conn, text string) error {
	if err := os.MkdirAll(filepath.Dir(unitFile), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(unitFile, []byte(text), 0o644); err != nil {
		return err
	}
	return systemd.ReloadContext(ctx)
}

// wait begins a job on the unit and waits for its end.
func wait(ctx context.Context, begin func(done chan<- string) (int, error)) error {
	done := make(chan string, 1)
	if _, err := begin(done); err != nil {
		return fmt.Errorf("systemd refuses a job for %s: %w", Unit, err)
	}
	select {
	case result := <-done:
		if result != "done" {
			return fmt.Errorf("the job of %s ended as %q", Unit, result)
		}
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
