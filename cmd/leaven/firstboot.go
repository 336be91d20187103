package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/leaven-dev/leaven/firstboot"
	"github.com/leaven-dev/leaven/firstboot/config"
	"github.com/leaven-dev/leaven/firstboot/health"
	"github.com/leaven-dev/leaven/firstboot/leave"
	"github.com/leaven-dev/leaven/firstboot/motd"
	"github.com/leaven-dev/leaven/internal/console"
	"github.com/leaven-dev/leaven/internal/journal"
	"github.com/leaven-dev/leaven/internal/rootfs"
	"github.com/leaven-dev/leaven/internal/run"
	"github.com/leaven-dev/leaven/internal/systemd"
	"github.com/leaven-dev/leaven/plugins/all"
)

func newFirstbootCommand(p *program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "firstboot",
		Short: "Bring this instance up: give it an identity of its own, once; safe to run again",
		Long: `Bring this instance up: give it an identity of its own, once; safe to run again.

The units leaven-identity.service and leaven-firstboot.service run the two stages at every boot.
By hand it runs both. With --config, FILE stands in for the instance's user data, and is kept as such: this is how cloud-init
runs user data that begins with "#!/usr/bin/leaven firstboot --config". It ends with 0 when the instance is up, 1 when a required step failed, and
2 when the instance is up but something is wrong. As --stage identity, on which sshd depends, it
ends with 0 in the last case too.`,
		Args: cobra.NoArgs,
	}
	dir := cmd.Flags().String("root", "/", "the tree to work on; / is this system")
	stage := "all"
	cmd.Flags().Var(&choice{value: &stage, from: []string{"identity", "provision", "all"}}, "stage", "which part to run: identity, provision or all")
	file := cmd.Flags().String("config", "", "take `FILE` for the instance's user data")
	dryRun := cmd.Flags().Bool("dry-run", false, "print what each step would change, and change nothing")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		root, err := openRoot(*dir, !*dryRun)
		if err != nil {
			return exitError{1, err}
		}
		defer root.Close()
		agent, err := newAgent(p, root)
		if err != nil {
			return exitError{1, err}
		}
		if *file != "" {
			if agent.UserData, err = readLayer(*file); err != nil {
				return exitError{1, err}
			}
		}
		stages := []firstboot.Stage{firstboot.Stage(stage)}
		if stage == "all" {
			stages = []firstboot.Stage{firstboot.Identity, firstboot.Provision}
		}
		if *dryRun {
			lines, err := agent.Plan(cmd.Context(), stages...)
			for _, line := range lines {
				fmt.Fprintln(p.stdout, line)
			}
			if errors.Is(err, fs.ErrPermission) {
				err = fmt.Errorf("%w: user data is root's alone, use sudo", err)
			}
			return failed(err)
		}
		return runFirstboot(cmd.Context(), agent, stages)
	}
	return cmd
}

// readLayer reads a file of configuration from this system, whatever tree is worked on.
func readLayer(name string) (*config.Layer, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("cannot read the configuration: %w", err)
	}
	return &config.Layer{Name: name, Text: text}, nil
}

func runFirstboot(ctx context.Context, agent *firstboot.Agent, stages []firstboot.Stage) error {
	if err := crashBySignal(); err != nil {
		return exitError{1, err}
	}
	var sum firstboot.Summary
	for _, stage := range stages {
		if sum = agent.Run(ctx, stage); sum.Yielded {
			return exitError{1, nil} // that was told
		}
	}
	if agent.Outside != nil {
		if err := motd.Update(agent.Root, sum); err != nil {
			agent.Log(journal.Entry{Message: err.Error(), Level: journal.Warning})
		}
	}
	last := stages[len(stages)-1]
	switch {
	case sum.Result == firstboot.OK:
		return nil
	case sum.Result == firstboot.Degraded && last == firstboot.Identity:
		return nil // sshd depends on it; see leaven-identity.service
	case sum.Result == firstboot.Degraded:
		return exitError{2, nil}
	}
	return exitError{1, nil} // the verdict was told
}

// crashBySignal makes a crash end the program with SIGABRT, so that leaven-firstboot.service can tell it from the verdict "degraded":
// a Go program that crashes ends with 2 else. There is no core dump, since user data may hold secrets.
func crashBySignal() error {
	debug.SetTraceback("crash")
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("cannot switch off core dumps: %w", err)
	}
	return nil
}

// newAgent makes an agent for a tree. One that is not this system has no console.
func newAgent(p *program, root *rootfs.Root) (*firstboot.Agent, error) {
	live, err := root.Live()
	if err != nil {
		return nil, err
	}
	agent := &firstboot.Agent{
		Root:    root,
		Version: version,
		Log:     func(e journal.Entry) { fmt.Fprintln(p.stdout, e.Message) },
		Parts:   parts,
	}
	if agent.Hostname, err = hostname(root, live); err != nil {
		return nil, err
	}
	if !live {
		return agent, nil
	}
	agent.Credentials = os.Getenv("CREDENTIALS_DIRECTORY")
	agent.Console = console.Write
	agent.SetHostname = func(name string) error { return unix.Sethostname([]byte(name)) }
	agent.Log = p.log
	agent.Extend = func(d time.Duration) {
		if err := systemd.Extend(d); err != nil {
			fmt.Fprintln(p.stderr, err)
		}
	}
	if agent.Outside, err = outside(p.log); err != nil {
		return nil, err
	}
	enabled, err := selinux(root)
	if err != nil {
		return nil, err
	}
	if enabled {
		agent.Relabel = relabel
	}
	return agent, nil
}

// selinux tells whether there are labels to be had: a kernel that knows SELinux, and a policy (is_selinux_enabled(3), which looks for
// both). Debian's kernels know it, and its images have no policy.
func selinux(root *rootfs.Root) (bool, error) {
	for _, name := range []string{"/sys/fs/selinux/enforce", "/etc/selinux/config"} {
		if there, err := root.Exists(name); err != nil || !there {
			return false, err
		}
	}
	return true, nil
}

// parts are what plugins add to first boot, and the services of Leaven's own that are off by default.
func parts() []firstboot.Part { return append(all.Parts(), health.Part(), leave.Part()) }

// log tells how first boot goes: to the journal with its fields, or to whoever started the command; and to `systemctl status`.
func (p *program) log(e journal.Entry) {
	if !journal.Available() || journal.Send(e) != nil {
		fmt.Fprintln(p.stdout, e.Message)
	}
	if e.Output {
		return // everybody may ask systemd for a unit's status
	}
	if err := systemd.Status(e.Message); err != nil {
		fmt.Fprintln(p.stderr, err)
	}
}

// relabel gives files and what is below them the labels that the policy has for their names.
func relabel(ctx context.Context, paths ...string) error {
	_, err := run.Output(ctx, "restorecon", append([]string{"-R"}, paths...)...)
	return err
}

// hostname is the name that this system has by now, or the one that a tree will have.
func hostname(root *rootfs.Root, live bool) (string, error) {
	name := ""
	if live {
		var err error
		if name, err = os.Hostname(); err != nil {
			return "", err
		}
	} else if there, err := root.Exists("/etc/hostname"); err != nil {
		return "", err
	} else if there {
		data, err := root.ReadFile("/etc/hostname")
		if err != nil {
			return "", err
		}
		name = strings.TrimSpace(string(data))
	}
	// It becomes a part of lines that programs parse.
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "localhost", nil
	}
	return name, nil
}

// openRoot opens a tree. To change this system takes root rights.
func openRoot(dir string, change bool) (*rootfs.Root, error) {
	root, err := rootfs.Open(dir)
	if err != nil {
		return nil, err
	}
	live, err := root.Live()
	if err == nil && live && change && os.Geteuid() != 0 {
		err = errors.New("this needs root rights: use sudo")
	}
	if err != nil {
		root.Close()
		return nil, err
	}
	return root, nil
}

// failed gives an error the exit status 1: the command line was right, and it could not be done.
func failed(err error) error {
	if err == nil {
		return nil
	}
	return exitError{1, err}
}
