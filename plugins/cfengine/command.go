package cfengine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"strings"
	"syscall"
	"time"
)

// command runs a program of CFEngine and returns all that it printed, on success too: what it says counts more than how it exits.
// At the end of ctx it is killed with what it started in its process group.
func command(ctx context.Context, name string, args ...string) (string, error) {
	var out strings.Builder
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 2 * time.Second // a daemon that it started may keep its output open
	err := cmd.Run()
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil
	}
	if err != nil {
		if ctx.Err() != nil {
			err = errors.Join(context.Cause(ctx), err)
		}
		err = fmt.Errorf("cannot run %s: %w%s", path.Base(name), err, said(out.String()))
	}
	return out.String(), err
}

// said is what a program complained about, shortened to its first errors.
func said(out string) string {
	var lines []string
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		if text, is := strings.CutPrefix(line, "error: "); is && len(lines) < 3 {
			lines = append(lines, text)
		}
	}
	if lines == nil {
		return ""
	}
	return ": " + strings.Join(lines, "; ")
}
