package rehearsal

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
)

// Local is a communicator whose far side is this machine.
type Local struct {
	packersdk.Communicator // nil: nothing but Start may be used

	Env []string // what the far side's commands see besides this process's environment
	// Before may change a command's standard input or take the command's place, with the status it returns.
	Before func(cmd *packersdk.RemoteCmd) (status int, taken bool)

	mu       sync.Mutex
	commands []string
}

var _ packersdk.Communicator = &Local{}

// Start runs the command with the shell, as sshd does.
func (l *Local) Start(ctx context.Context, cmd *packersdk.RemoteCmd) error {
	l.mu.Lock()
	l.commands = append(l.commands, cmd.Command)
	l.mu.Unlock()
	if l.Before != nil {
		if status, taken := l.Before(cmd); taken {
			cmd.SetExited(status)
			return nil
		}
	}
	shell := exec.Command("/bin/sh", "-c", cmd.Command)
	shell.Env = append(os.Environ(), l.Env...)
	shell.Stdin, shell.Stdout, shell.Stderr = cmd.Stdin, patient{cmd.Stdout}, patient{cmd.Stderr}
	if err := shell.Start(); err != nil {
		return err
	}
	go func() {
		status := 0
		if exit, ok := errors.AsType[*exec.ExitError](shell.Wait()); ok {
			status = exit.ExitCode()
		}
		cmd.SetExited(status)
	}()
	return nil
}

// Commands is every command line that was started.
func (l *Local) Commands() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.commands...)
}

// Ui keeps build output as it was handed over, unfiltered, as it goes to Packer.
type Ui struct {
	packersdk.Ui // nil: nothing but Say and Error may be used

	mu     sync.Mutex
	output bytes.Buffer
	errors bytes.Buffer
}

var _ packersdk.Ui = &Ui{}

// Say keeps a line.
func (u *Ui) Say(text string) { u.keep(&u.output, text) }

// Error keeps a line, as output and as an error.
func (u *Ui) Error(text string) {
	u.keep(&u.errors, text)
	u.keep(&u.output, text)
}

func (u *Ui) keep(to io.StringWriter, text string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	to.WriteString(text + "\n")
}

// Output is all that was shown.
func (u *Ui) Output() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.output.String()
}

// Errors are the lines that were shown as errors.
func (u *Ui) Errors() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.errors.String()
}

// Programs makes a folder of shell scripts that take the place of the far side's own programs when it stands first in PATH.
func Programs(t testing.TB, bodies map[string]string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	for name, body := range bodies {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("#!/bin/sh\n"+strings.TrimSpace(body)+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// patient goes on reading when nobody listens any more, as an SSH connection does: its far side meets no closed pipe.
type patient struct{ w io.Writer }

func (p patient) Write(data []byte) (int, error) {
	if p.w != nil {
		p.w.Write(data)
	}
	return len(data), nil
}
