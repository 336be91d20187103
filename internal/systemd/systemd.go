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
