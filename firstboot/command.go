package firstboot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/leaven-dev/leaven/firstboot/config"
	"github.com/leaven-dev/leaven/internal/schema"
)

// runSteps are the commands that the configuration names.
func (p *provision) runSteps() []Step {
	var steps []Step
	for _, r := range p.config.Run {
		s := Step{
			ID: r.Name, Title: "run " + r.Command.Name(), After: r.After, Policy: Policy(r.Policy), Deadline: r.Deadline,
			Apply: func(ctx context.Context) error { return p.command(ctx, r, r.Command) },
		}
		if r.Network {
			s.After = append([]string{"network"}, s.After...)
		}
		switch {
		case r.Creates != "":
			s.Check = func(context.Context) (Verdict, error) {
				there, err := p.agent.Root.Exists(r.Creates)
				return Verdict{OK: there, Text: ifElse(there, r.Creates+" is there", "would make "+r.Creates)}, err
			}
		case r.Unless.Given():
			s.Foresee = "would look whether `" + r.Unless.Name() + "` says that there is nothing to do"
			s.Check = func(ctx context.Context) (Verdict, error) { return p.unless(ctx, r) }
		case r.Always:
			ran := false
			s.Check = func(context.Context) (Verdict, error) {
				return Verdict{OK: ran, Text: ifElse(ran, "", "would run at every boot")}, nil
			}
			apply := s.Apply
			s.Apply = func(ctx context.Context) error {
				err := apply(ctx)
				ran = err == nil
				return err
			}
		}
		steps = append(steps, s)
	}
	return steps
}

func ifElse(yes bool, a, b string) string {
	if yes {
		return a
	}
	return b
}

// unless runs the command that tells whether there is nothing to do. Only an exit status other than 0 says that there is: one
// that cannot be started, or is killed, says nothing.
func (p *provision) unless(ctx context.Context, r config.Run) (Verdict, error) {
	err := p.command(ctx, r, r.Unless)
	if err == nil {
		return Verdict{OK: true, Text: "`" + r.Unless.Name() + "` says so"}, nil
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.Exited() && ctx.Err() == nil {
		return Verdict{Text: fmt.Sprintf("`%s` ends with %d", r.Unless.Name(), exit.ExitCode())}, nil
	}
	return Verdict{}, err
}

// stopGrace is what a command has to end by itself once it is told to, and how long one that has ended is listened to when what it
// started holds its output.
const stopGrace = 5 * time.Second

func (p *provision) command(ctx context.Context, r config.Run, c schema.Command) error {
	return p.commandWith(ctx, r, c, nil)
}

// asText has the shell run a text that it finds in its environment: what stands in an argument list, everybody sees.
const asText = `leaven_command=$LEAVEN_COMMAND; unset LEAVEN_COMMAND; eval "$leaven_command"`

// commandWith runs a command of the configuration, with something to read for it. It has no terminal: who asks for one is told
// so at once. What it prints goes to the journal and nowhere else, since it may be secret and the records are for everybody. When
// the deadline is over, it and what it started are told to end, and killed 5 s later.
func (p *provision) commandWith(ctx context.Context, r config.Run, c schema.Command, stdin io.Reader) error {
	if p.agent.Outside == nil {
		return errors.New("commands can be run on the running system only")
	}
	name, args := "/bin/sh", []string{"-c", asText}
	if len(c.Args) > 0 {
		name, args = c.Args[0], c.Args[1:]
	}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(append(environment(), stepVariable+"="+r.Name), p.shell...)
	cmd.Dir, cmd.Stdin = "/", stdin
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // and so a process group
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = stopGrace
	if r.User != "" {
		credential, home, err := credentials(r.User)
		if err != nil {
			return WithCure(err, "make the user in the image, or in a step before this one")
		}
		cmd.SysProcAttr.Credential = credential
		cmd.Env = append(cmd.Env, "HOME="+home, "USER="+r.User, "LOGNAME="+r.User)
	}
	for key, value := range r.Environment { // over the rest: exec takes the last of two
		cmd.Env = append(cmd.Env, key+"="+value)
	}
	if c.Shell != "" {
		cmd.Env = append(cmd.Env, "LEAVEN_COMMAND="+c.Shell)
	}
	out := &output{step: r.Name, log: p.agent.Log}
	cmd.Stdout, cmd.Stderr = out, out
	err := cmd.Run()
	out.close()
	switch {
	case ctx.Err() != nil:
		if cmd.Process != nil { // it was started
			syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what it started and left behind
		}
		err = context.Cause(ctx)
	case errors.Is(err, exec.ErrWaitDelay):
		p.agent.say(r.Name, "it ended well and left something running that holds its output, which is closed now; "+
			"start a daemon as a unit, or with its output redirected: it may end when it prints something now")
		err = nil
	}
	if err != nil {
		cure := "see what it said: journalctl LEAVEN_STEP=" + r.Name
		if ctx.Err() == nil && killed(err) {
			cure = "see whether memory ran out: journalctl --dmesg --grep=oom; and " + cure
		}
		return WithCure(fmt.Errorf("cannot run `%s`: %w", c.Name(), err), cure)
	}
	return nil
}

// killed tells a command that somebody killed.
func killed(err error) bool {
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// environment is what commands get: this process's, without what tells it apart as a unit of its own.
func environment() []string {
	env := slices.DeleteFunc(os.Environ(), func(entry string) bool {
		key, _, _ := strings.Cut(entry, "=")
		return slices.Contains([]string{"NOTIFY_SOCKET", "INVOCATION_ID", "JOURNAL_STREAM", "CREDENTIALS_DIRECTORY", "WATCHDOG_PID", "WATCHDOG_USEC", "SYSTEMD_EXEC_PID"}, key)
	})
	if os.Getenv("PATH") == "" {
		env = append(env, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
	}
	return append(env, "HOME=/root", "USER=root", "LOGNAME=root")
}

func credentials(name string) (*syscall.Credential, string, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return nil, "", fmt.Errorf("cannot run as user %s: %w", name, err)
	}
	c := &syscall.Credential{}
	ids, err := u.GroupIds()
	if err != nil {
		return nil, "", fmt.Errorf("cannot tell the groups of user %s: %w", name, err)
	}
	for _, id := range append([]string{u.Uid, u.Gid}, ids...) {
		n, err := strconv.ParseUint(id, 10, 32)
		if err != nil {
			return nil, "", fmt.Errorf("user %s has the id %q: %w", name, id, err)
		}
		c.Groups = append(c.Groups, uint32(n))
	}
	c.Uid, c.Gid, c.Groups = c.Groups[0], c.Groups[1], c.Groups[2:]
	return c, u.HomeDir, nil
}
