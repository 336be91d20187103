package laststage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/coreos/go-systemd/v22/dbus"
)

// Arm makes the system run `PROGRAM args…` when it shuts down. Program is this agent's own file; a copy of it in memory is
// used where the image shall not hold one. Mounts are the mount points that belong to the image.
func Arm(ctx context.Context, args, mounts []string) error {
	program, err := keepProgram(ctx)
	if err != nil {
		return err
	}
	systemd, err := dbus.NewSystemdConnectionContext(ctx)
	if err != nil {
		return fmt.Errorf("cannot arm the last stage: this system does not run under systemd: %w", err)
	}
	defer systemd.Close()
	units, err := systemd.ListUnitsByPatternsContext(ctx, []string{"active", "activating", "deactivating"},
		[]string{"*.service", "*.scope", "*.socket", "*.timer", "*.path"})
	if err != nil {
		return fmt.Errorf("cannot arm the last stage: cannot list the running units: %w", err)
	}
	var running []string
	for _, u := range units {
		running = append(running, u.Name)
	}
	if err := os.MkdirAll(filepath.Dir(unitFile), 0o755); err != nil {
		return fmt.Errorf("cannot arm the last stage: %w", err)
	}
	if err := os.WriteFile(unitFile, []byte(text(append([]string{program}, args...), running, mounts)), 0o644); err != nil {
		return fmt.Errorf("cannot arm the last stage: %w", err)
	}
	if err := systemd.ReloadContext(ctx); err != nil {
		return fmt.Errorf("cannot arm the last stage: %w", err)
	}
	done := make(chan string, 1)
	if _, err := systemd.StartUnitContext(ctx, Unit, "replace", done); err != nil {
		return fmt.Errorf("cannot arm the last stage: cannot start %s: %w", Unit, err)
	}
	select {
	case result := <-done:
		if result != "done" {
			return fmt.Errorf("cannot arm the last stage: starting %s ended as %q", Unit, result)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("cannot arm the last stage: %w", context.Cause(ctx))
	}
}

// Armed tells whether the last stage will run on this system. No systemd means no.
func Armed(ctx context.Context) (bool, error) {
	if _, err := os.Stat(unitFile); errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	systemd, err := dbus.NewSystemdConnectionContext(ctx)
	if err != nil {
		return false, fmt.Errorf("cannot tell whether the last stage is armed: %w", err)
	}
	defer systemd.Close()
	state, err := systemd.GetUnitPropertyContext(ctx, Unit, "ActiveState")
	if err != nil {
		return false, fmt.Errorf("cannot tell whether the last stage is armed: %w", err)
	}
	return state.Value.Value() == "active", nil
}

// installed is where `leaven install` puts the agent.
const installed = "/usr/bin/leaven"

// keepProgram finds a file of this agent that is there at shutdown: the installed one when it is this very program, else a
// copy in the first folder that allows programs to run.
func keepProgram(ctx context.Context) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("cannot find the running program: %w", err)
	}
	if same(self, installed) {
		return installed, nil
	}
	var errs []error
	for _, dir := range []string{"/dev/shm", "/run", "/var/tmp"} {
		name := filepath.Join(dir, "leaven-seal")
		err := copyProgram(self, name)
		if err == nil {
			err = exec.CommandContext(ctx, name, "--version").Run()
		}
		if err == nil {
			return name, nil
		}
		errs = append(errs, err, os.RemoveAll(name))
	}
	return "", fmt.Errorf("cannot arm the last stage: no folder for the program: %w", errors.Join(errs...))
}

func same(a, b string) bool {
	x, errA := os.ReadFile(a)
	y, errB := os.ReadFile(b)
	return errA == nil && errB == nil && string(x) == string(y)
}

func copyProgram(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	if err := os.Remove(to); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o700)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
