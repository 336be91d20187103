package laststage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// installed are where `leaven install` puts programs that can seal.
func installed() []string { return []string{"/usr/lib/leaven/leaven", "/usr/bin/leaven"} }

// copies are where a copy of the agent may lie until the shutdown, best first: folders in memory leave nothing in the image,
// but programs may be forbidden to run there.
func copies() []string {
	return []string{"/dev/shm/leaven-seal", "/run/leaven-seal", "/var/tmp/leaven-seal"}
}

// keepProgram finds a file of this agent that is there at shutdown: the installed one when it is this very program, else a
// copy in the first folder that allows programs to run.
func keepProgram(ctx context.Context) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("cannot find the running program: %w", err)
	}
	for _, name := range installed() {
		if same(self, name) {
			return name, nil
		}
	}
	var errs []error
	for _, name := range copies() {
		if name == self {
			return name, nil
		}
		err := copyProgram(self, name)
		if err == nil {
			err = exec.CommandContext(ctx, name, "--version").Run()
		}
		if err == nil {
			return name, nil
		}
		errs = append(errs, err, os.RemoveAll(name))
	}
	return "", fmt.Errorf("no folder for the program: %w", errors.Join(errs...))
}

// drop removes the copies, and what was remembered for the last stage.
func drop() error {
	var errs []error
	for _, name := range append(copies(), recordFile) {
		if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func same(a, b string) bool {
	x, errA := os.ReadFile(a)
	y, errB := os.ReadFile(b)
	return errA == nil && errB == nil && string(x) == string(y)
}

// copyProgram makes a new file beside the old one and gives it the name: nobody else's file is written to, not even through
// a link that waits there.
func copyProgram(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.CreateTemp(filepath.Dir(to), ".leaven-seal-") // born with mode 0600
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	err = errors.Join(err, out.Chmod(0o700), out.Close())
	if err == nil {
		err = os.Rename(out.Name(), to)
	}
	if err != nil {
		return errors.Join(err, os.Remove(out.Name()))
	}
	return nil
}
