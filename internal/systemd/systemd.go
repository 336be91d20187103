// Package systemd talks to the system's manager, as far as first boot needs it: telling how a unit goes, asking how another
// one goes, reloading unit files. Where systemd is not there, telling does nothing and asking is an error.
package systemd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"github.com/leaven-dev/leaven/internal/run"
)

// Running tells whether systemd runs this system (sd_booted(3)). It does also in the first moments of a boot, when it has not
// made its folder yet and does not answer.
func Running() (bool, error) {
	fi, err := os.Lstat("/run/systemd/system")
	if err == nil {
		return fi.IsDir(), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	name, err := os.ReadFile("/proc/1/comm")
	return string(name) == "systemd\n", err
}

// Status tells what the unit is doing, for `systemctl status` (sd_notify(3)). Outside of a unit it does nothing.
func Status(text string) error {
	if _, err := daemon.SdNotify(false, "STATUS="+strings.ReplaceAll(text, "\n", " ")); err != nil {
		return fmt.Errorf("cannot tell systemd the status: %w", err)
	}
	return nil
}

// Extend asks for more time to start, so that a unit that is at work is not taken for one that hangs (sd_notify(3),
// EXTEND_TIMEOUT_USEC). Outside of a unit it does nothing.
func Extend(d time.Duration) error {
	if _, err := daemon.SdNotify(false, fmt.Sprintf("EXTEND_TIMEOUT_USEC=%d", d.Microseconds())); err != nil {
		return fmt.Errorf("cannot ask systemd for more time: %w", err)
	}
	return nil
}

// ReloadOrRestart makes those of the units that are running read their settings anew. It waits for nothing, since it may be
// called by a unit that they are ordered after.
func ReloadOrRestart(ctx context.Context, units ...string) error {
	_, err := run.Output(ctx, "systemctl", append([]string{"--no-block", "try-reload-or-restart"}, units...)...)
	return err
}

// Start starts a unit without waiting for it.
func Start(ctx context.Context, unit string) error {
	_, err := run.Output(ctx, "systemctl", "--no-block", "start", unit)
	return err
}

// Reload makes systemd read unit files anew. It starts and stops nothing.
func Reload(ctx context.Context) error {
	_, err := run.Output(ctx, "systemctl", "daemon-reload")
	return err
}

// Pending tells whether a unit is starting or has yet to start in this boot: whether there is something to wait for.
func Pending(ctx context.Context, unit string) (bool, error) {
	text, err := run.Output(ctx, "systemctl", "show", "--property=ActiveState,Job", unit)
	if err != nil {
		return false, err
	}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if name == "ActiveState" && value == "activating" || name == "Job" && value != "" && value != "0" {
			return true, nil
		}
	}
	return false, nil
}
