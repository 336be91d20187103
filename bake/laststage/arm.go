package laststage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/leaven-dev/leaven/internal/systemd"
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
	if booted, err := systemd.Running(); err != nil || !booted {
		return errors.Join(errors.New("this system does not run under systemd"), err)
	}
	running, err := systemd.Units(ctx, "service", "scope", "socket", "timer", "path")
	if err != nil {
		return err
	}
	if err := load(ctx, armed(append([]string{program}, args...), running, mounts, limit)); err != nil {
		return err
	}
	return systemd.Do(ctx, "start", Unit)
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
	if was, err = active(ctx); err != nil {
		return false, err
	}
	// Stopping it as it is would seal.
	if err := load(ctx, disarmed); err != nil {
		return false, err
	}
	if was {
		if err := systemd.Do(ctx, "stop", Unit); err != nil {
			return false, err
		}
	}
	if err := os.Remove(unitFile); err != nil {
		return false, err
	}
	return was, errors.Join(systemd.Reload(ctx), drop())
}

// Armed tells whether the last stage will run on this system. No systemd means no.
func Armed(ctx context.Context) (bool, error) {
	if _, err := os.Stat(unitFile); errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	is, err := active(ctx)
	if err != nil {
		return false, fmt.Errorf("cannot tell whether the last stage is armed: %w", err)
	}
	return is, nil
}

func active(ctx context.Context) (bool, error) {
	s, err := systemd.State(ctx, Unit)
	return s.Active == "active", err
}

// load gives systemd the unit's file. It starts and stops nothing.
func load(ctx context.Context, text string) error {
	if err := os.MkdirAll(filepath.Dir(unitFile), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(unitFile, []byte(text), 0o644); err != nil {
		return err
	}
	return systemd.Reload(ctx)
}
