// Package run runs commands of the system, without a shell. It is for few and short ones: each costs a boot milliseconds.
package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// Output runs a command and returns its standard output. The error of one that fails has the command and what it said on
// standard error; do not put secrets into arguments. It ends with ctx, and what it started has two seconds more to let go of its
// output.
func Output(ctx context.Context, name string, args ...string) (string, error) {
	var stdout, stderr strings.Builder
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = 2 * time.Second
	if err := cmd.Run(); err != nil {
		said := strings.TrimSpace(stderr.String())
		if said != "" {
			said = ": " + said
		}
		if ctx.Err() != nil {
			err = errors.Join(context.Cause(ctx), err)
		}
		return stdout.String(), fmt.Errorf("cannot run `%s`: %w%s", strings.Join(append([]string{name}, args...), " "), err, said)
	}
	return stdout.String(), nil
}
