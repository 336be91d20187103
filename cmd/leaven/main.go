// Command leaven seals a machine image, audits it, and brings up what is started from it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/leaven-dev/leaven/firstboot"
)

// version is set by the build: -ldflags "-X main.version=v1.2.3".
var version = "dev"

func main() {
	os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// Main runs one command and returns its exit status. Scripts of the tests call it in-process.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	root := newRootCommand(&program{stdin: stdin, stdout: stdout, stderr: stderr})
	root.SetArgs(words(args))
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	code, err := statusOf(root.ExecuteContext(ctx))
	if err != nil {
		text := err.Error()
		if cure := firstboot.Cure(err); cure != "" {
			text += "; " + cure
		}
		fmt.Fprintf(stderr, "leaven: %s\n", text)
	}
	return code
}

// words takes apart what the kernel passes for "#!/usr/bin/leaven firstboot --config": all behind the program as one argument
// (execve(2)), then the file.
func words(args []string) []string {
	if len(args) < 2 || !strings.HasPrefix(args[0], "firstboot ") {
		return args
	}
	return append(strings.Fields(args[0]), args[1:]...)
}

// statusOf is the exit status that an error means, and what is left to say of it. An error without a status of its own
// comes from parsing the command line or from what made the command impossible: 2.
func statusOf(err error) (code int, said error) {
	if err == nil {
		return 0, nil
	}
	if status, ok := errors.AsType[exitError](err); ok {
		return status.code, status.err
	}
	return 2, err
}

// program is what every command may use of the outside.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer
}

func newRootCommand(p *program) *cobra.Command {
	cmd := &cobra.Command{
		Use:               "leaven",
		Short:             "Seal machine images, audit them, and bring up what is started from them",
		Version:           version,
		SilenceUsage:      true,
		SilenceErrors:     true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	cmd.AddCommand(commands(p)...)
	return cmd
}

// exitError carries the exit status of a command. A nil err means that all was said already.
type exitError struct {
	code int
	err  error
}

func (e exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.code)
	}
	return e.err.Error()
}

func (e exitError) Unwrap() error { return e.err }
