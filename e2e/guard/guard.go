// Package guard undoes changes to this machine that the kernel does not undo
// by itself when a process dies: mounts, loop devices, folders.
//
// A test that is killed (a time limit, Ctrl-C, the OOM killer) runs none of its
// deferred calls. So the undoing is done by a small shell that waits for the end
// of its standard input, which comes when [Guard.Close] is called and also when
// this process is gone, however it went.
//
// Not for processes: Pdeathsig and a control group of their own do it better.
package guard

import (
	"bytes"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"syscall"
)

// Guard is one thing to undo. The zero value is not usable.
type Guard struct {
	cmd    *exec.Cmd
	stdin  io.Closer
	stderr *bytes.Buffer
	closed bool
}

// Start makes sure that the shell script undo runs, once, with args as $1, $2 …,
// at Close or when this process ends. Call it before the change is made, so that
// there is no moment without it; the script must accept that there is nothing to undo.
func Start(undo string, args ...string) (*Guard, error) {
	// The shell ignores the signals that a terminal sends to the whole group.
	script := "trap '' INT TERM HUP; cat >/dev/null; " + undo
	cmd := exec.Command("sh", append([]string{"-c", script, "guard"}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Dir = "/" // never keep a mount busy
	stderr := &bytes.Buffer{}
	cmd.Stderr = stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("cannot start the guard that cleans up: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("cannot start the guard that cleans up: %w", err)
	}
	return &Guard{cmd: cmd, stdin: stdin, stderr: stderr}, nil
}

// Close undoes now and reports whether that went well. A second Close does nothing.
func (g *Guard) Close() error {
	if g == nil || g.closed {
		return nil
	}
	g.closed = true
	g.stdin.Close()
	if err := g.cmd.Wait(); err != nil {
		return fmt.Errorf("cannot clean up with %q: %w: %s", g.cmd.Args[3:], err, strings.TrimSpace(g.stderr.String()))
	}
	return nil
}
