package systemd

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/leaven-dev/leaven/internal/run"
)

// Restart starts a unit anew, or starts it where it is not running, without waiting for it.
func Restart(ctx context.Context, unit string) error {
	_, err := run.Output(ctx, "systemctl", "--no-block", "restart", unit)
	return err
}

// UnitState is how a unit goes.
type UnitState struct {
	Active string // in systemd's words: active, reloading, inactive, failed, activating, deactivating
	Result string // why it failed: "exit-code", "resources"
	Job    bool   // it is about to change: systemd has work queued for it
	PID    int    // of a service's main process; 0 without one
}

// State asks how a unit goes.
func State(ctx context.Context, unit string) (UnitState, error) {
	var s UnitState
	text, err := run.Output(ctx, "systemctl", "show", "--property=ActiveState,Result,Job,MainPID", unit)
	if err != nil {
		return s, err
	}
	for line := range strings.Lines(text) {
		switch name, value, _ := strings.Cut(strings.TrimSpace(line), "="); name {
		case "ActiveState":
			s.Active = value
		case "Result":
			s.Result = value
		case "Job":
			s.Job = value != "" && value != "0"
		case "MainPID":
			if s.PID, err = strconv.Atoi(value); err != nil {
				return s, fmt.Errorf("systemd says that the main process of %s is %q", unit, value)
			}
		}
	}
	return s, nil
}

// Do makes a change to a unit and waits for its end: "start", "stop". Not for a unit that is ordered after the one that asks.
func Do(ctx context.Context, what, unit string) error {
	_, err := run.Output(ctx, "systemctl", what, unit)
	return err
}

// Units lists the units of some types that run, or are about to start or to end.
func Units(ctx context.Context, types ...string) ([]string, error) {
	text, err := run.Output(ctx, "systemctl", "list-units", "--full", "--plain", "--no-legend", "--no-pager",
		"--state=active,activating,deactivating", "--type="+strings.Join(types, ","))
	if err != nil {
		return nil, err
	}
	var units []string
	for line := range strings.Lines(text) {
		if name, _, _ := strings.Cut(strings.TrimSpace(line), " "); name != "" {
			units = append(units, name)
		}
	}
	return units, nil
}
