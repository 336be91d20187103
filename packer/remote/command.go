package remote

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
)

// start runs command and waits for it or for ctx, whichever ends first. Cancelling does not end the remote process: no
// communicator can. What is still written after that must not be read.
func (m *Machine) start(ctx context.Context, command string, stdin io.Reader, stdout io.Writer) (status int, err error) {
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	cmd := &packersdk.RemoteCmd{Command: command, Stdin: stdin, Stdout: stdout, Stderr: &m.errors}
	done := make(chan error, 1)
	m.running.Go(func() {
		// Start too can take its time: it reconnects.
		if err := m.comm.Start(ctx, cmd); err != nil {
			done <- fmt.Errorf("cannot start a command on the far side: %w", err)
			return
		}
		cmd.Wait()
		done <- nil
	})
	select {
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	case err := <-done:
		if err != nil {
			return 0, err
		}
	}
	status = cmd.ExitStatus()
	if status == packersdk.CmdDisconnect {
		return status, errors.New("the connection to the far side broke off")
	}
	return status, nil
}

// settle waits until the commands that were given up have ended, or for limit.
func (m *Machine) settle(limit time.Duration) {
	ended := make(chan struct{})
	go func() {
		m.running.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(limit):
	}
}

// ask runs one of the scripts and returns its answers: for each "leaven-ID KEY VALUE" line the value under its key. All
// other output, such as a login shell's greeting, is noise.
func (m *Machine) ask(ctx context.Context, command string, stdin io.Reader) (map[string]string, error) {
	var out tail
	status, err := m.start(ctx, command, stdin, &out)
	if err != nil {
		return nil, err
	}
	answers := map[string]string{}
	for _, line := range out.lines() {
		answer, ok := strings.CutPrefix(line, "leaven-"+m.id+" ")
		if !ok {
			fmt.Fprintln(&m.errors, line)
			continue
		}
		key, value, _ := strings.Cut(answer, " ")
		answers[key] = value
	}
	if _, ok := answers["end"]; !ok {
		return nil, fmt.Errorf("the command broke off (exit status %d)", status)
	}
	return answers, nil
}

// script is a command line that runs text, which must be one line, by the POSIX shell, whatever the login shell is. The
// arguments are $1, $2, … in it.
func script(text string, args ...string) string {
	return quote(append([]string{"/bin/sh", "-c", text, "leaven"}, args...)...)
}

// quote writes words so that sh, csh and fish all read them back as they are.
func quote(words ...string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		if word != "" && strings.Trim(word, plain) == "" {
			quoted[i] = word
		}
	}
	return strings.Join(quoted, " ")
}

// plain are the characters that mean nothing to any shell.
const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-"

// splitLines feeds each line of r to each; a terminal's carriage returns are cut off.
func splitLines(r io.Reader, each func(string)) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if line := strings.TrimRight(lines.Text(), "\r"); line != "" {
			each(line)
		}
	}
}
