package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/leaven-dev/leaven/firstboot"
	"github.com/leaven-dev/leaven/firstboot/leave"
	"github.com/leaven-dev/leaven/internal/journal"
	"github.com/leaven-dev/leaven/internal/metadata"
	"github.com/leaven-dev/leaven/internal/retry"
	"github.com/leaven-dev/leaven/internal/rootfs"
	"github.com/leaven-dev/leaven/internal/systemd"
)

func newLeaveCommand(p *program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "leave",
		Short: "Watch for EC2 taking this instance away, and leave in good order",
		Long: `Watch for EC2 taking this instance away, and leave in good order.

On a notice that the configuration names in leave.on, the health endpoint turns 503, and when balancers
have had time to notice, leave.command and the plugins' leave steps run, then the termination lifecycle
hook is completed. leaven-leave.service runs it where the configuration says leave.on.`,
		Example: `  leaven leave --now "kernel update"   # leave at once; exit 0: in order, 1: something failed
  leaven leave --cancel                # back in service`,
		Args: cobra.NoArgs,
	}
	now := cmd.Flags().String("now", "", "leave at once, for `REASON`")
	cancel := cmd.Flags().Bool("cancel", false, "take a leave back: in service again; what was done stays done")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		byHand := cmd.Flags().Changed("now")
		switch {
		case byHand && *cancel:
			return errors.New("--now and --cancel exclude one another")
		case byHand && strings.TrimSpace(*now) == "":
			return errors.New("--now needs a reason")
		}
		root, err := openRoot("/", true)
		if err != nil {
			return failed(err)
		}
		defer root.Close()
		if *cancel {
			there, err := leave.Cancel(root)
			if err == nil && !there {
				fmt.Fprintln(p.stdout, "this instance is not leaving")
			}
			return failed(err)
		}
		agent, err := newAgent(p, root)
		if err != nil {
			return failed(err)
		}
		l := &leaver{agent: agent}
		if l.settled, err = agent.Settled(cmd.Context()); err != nil {
			return failed(err)
		}
		defer l.tellConsole()()
		if byHand {
			return l.now(cmd.Context(), *now)
		}
		return failed(l.watch(cmd.Context()))
	}
	return cmd
}

// leaver knows what leaving consists of on this instance.
type leaver struct {
	agent   *firstboot.Agent
	settled *firstboot.Settled // the configuration as it was read last
	lines   chan string        // for the console
}

// log tells how it goes, also on the console: the journal may go with the instance.
func (l *leaver) log(e journal.Entry) {
	l.agent.Log(e)
	if e.Result != "" {
		select {
		case l.lines <- "leaven: " + e.Message + "\n":
		default: // the console hangs, and what it would be told was logged
		}
	}
}

// tellConsole writes lines to the console beside the work, which must not wait for a serial line. The function that it returns ends
// that, and waits for the console for a second.
func (l *leaver) tellConsole() (end func()) {
	l.lines = make(chan string, 64)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for line := range l.lines {
			if line == "" {
				return
			}
			if l.agent.Console != nil {
				_ = l.agent.Console([]byte(line)) // it was logged
			}
		}
	}()
	return func() {
		late := time.After(time.Second)
		select {
		case l.lines <- "": // not closed: what was cut off may still have something to say
		case <-late:
			return
		}
		select {
		case <-done:
		case <-late:
		}
	}
}

// now leaves at once, or finishes a leave that was cut off.
func (l *leaver) now(ctx context.Context, reason string) error {
	lock, err := leave.Lock(l.agent.Root)
	if err != nil {
		return failed(err)
	}
	defer lock.Close()
	if r, err := leave.Read(l.agent.Root); err == nil && r != nil && !r.Ended.IsZero() {
		return failed(errors.New("this instance has left already; `leaven leave --cancel` brings it back"))
	}
	d, err := leave.Resume(l.agent.Root, l.work(), l.log)
	if err == nil && d == nil {
		d, err = leave.Begin(l.agent.Root, l.work(), l.log, leave.Notice{Kind: leave.ByHand, Text: reason, Seen: time.Now()})
	}
	if err != nil {
		return failed(err)
	}
	if r := d.Run(ctx); r.Result != leave.OK {
		return exitError{1, nil}
	}
	return nil
}

// watch waits for notices until ctx ends.
func (l *leaver) watch(ctx context.Context) error {
	on := l.settled.Env().Config.Leave.On
	if text := os.Getenv("LEAVEN_LEAVE_ON"); text != "" {
		on = strings.Split(text, ",")
	}
	if len(on) == 0 {
		return errors.New("nothing to watch for: say leave.on in the configuration, such as [spot, termination]")
	}
	var kinds []leave.Kind
	for _, kind := range on {
		if !slices.Contains([]leave.Kind{leave.Spot, leave.Rebalance, leave.Termination}, leave.Kind(kind)) {
			return fmt.Errorf("cannot watch for %q: take spot, rebalance or termination", kind)
		}
		kinds = append(kinds, leave.Kind(kind))
	}
	client, err := metadata.New(nil)
	if err != nil {
		return err
	}
	if err := systemd.Ready(); err != nil {
		return err
	}
	w := &leave.Watcher{
		Root: l.agent.Root, Metadata: client.Get, Kinds: kinds, Log: l.log,
		Work: func() leave.Work {
			// A configuration that was good and is damaged now must not keep the instance from leaving.
			if settled, err := l.agent.Settled(ctx); err == nil {
				l.settled = settled
			} else {
				l.log(journal.Entry{Level: journal.Warning, Stage: "leave", Message: "leaving by the configuration that was read before: " + err.Error()})
			}
			return l.work()
		},
		Alive: func() {
			if err := systemd.Alive(); err != nil {
				l.log(journal.Entry{Level: journal.Warning, Message: err.Error()})
			}
		},
	}
	l.agent.Log(journal.Entry{Stage: "leave", Message: "watching for " + strings.Join(on, ", ")})
	w.Run(ctx)
	return nil
}

// work is what the configuration and the plugins make of leaving.
func (l *leaver) work() leave.Work {
	settled, env := l.settled, l.settled.Env()
	settings := env.Config.Leave
	work := leave.Work{Instance: env.Instance.ID, Drain: settings.Drain, Deadline: settings.Deadline}
	if settings.Command.Given() {
		work.Command = func(ctx context.Context) error { return settled.Command(ctx, "leave-command", settings.Command) }
	}
	if len(settled.LeaveSteps()) > 0 {
		work.Steps = func(ctx context.Context) error { return leaveSteps(ctx, l.agent.Root, settled) }
	}
	if settings.LifecycleHook != "" {
		work.Hook = func(ctx context.Context) (bool, error) {
			complete := l.agent.Outside.CompleteHook
			if complete == nil {
				return false, retry.Stop(fmt.Errorf("cannot complete the lifecycle hook %s: this build of Leaven has no client for Auto Scaling", settings.LifecycleHook))
			}
			return complete(ctx, settings.LifecycleHook, env.Config.Signal.Group, env.Instance.ID, "CONTINUE")
		}
	}
	return work
}

// leaveSteps runs the plugins' leave steps. The error names those that failed.
func leaveSteps(ctx context.Context, root *rootfs.Root, settled *firstboot.Settled) error {
	d, err := root.MkdirAll(leave.RecordsDir, 0o755)
	if err != nil {
		return err
	}
	d.Close()
	records, err := rootfs.Open(filepath.Join(root.Dir(), leave.RecordsDir))
	if err != nil {
		return err
	}
	defer records.Close()
	steps, err := settled.Leave(ctx, records)
	for _, s := range steps {
		if s.Result != firstboot.OK && s.Policy != firstboot.Ignore {
			err = errors.Join(err, errors.New(s.String()))
		}
	}
	return err
}
