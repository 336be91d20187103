package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/leaven-dev/leaven/firstboot"
	"github.com/leaven-dev/leaven/firstboot/timeline"
	"github.com/leaven-dev/leaven/internal/rootfs"
	"github.com/leaven-dev/leaven/internal/systemd"
)

func newStatusCommand(p *program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Tell what first boot did, step by step; exit 0 ok, 1 failed, 2 degraded, 3 not run or not through",
		Long: `Tell what first boot did, step by step. Every user may ask; nothing in it is secret.

It ends with 0 when the instance is up, 1 when a required step failed, 2 when the instance is up
but something is wrong, and 3 when first boot has not run in this boot or is not through.`,
		Example: `  leaven status --wait                    # returns when first boot is through
  leaven status --output json | jq .steps
  leaven status --output svg >boot.svg    # a picture, for a browser`,
		Args: cobra.NoArgs,
	}
	dir := cmd.Flags().String("root", "/", "the tree to look at; / is this system")
	wait := cmd.Flags().Bool("wait", false, "wait until first boot is through, as long as there is something to wait for")
	out := addOutputFlags(cmd.Flags(), p, "text", "json", "svg")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		root, err := openRoot(*dir, false)
		if err != nil {
			return failed(err)
		}
		defer root.Close()
		status, err := firstboot.ReadStatus(root, version)
		if *wait && err == nil {
			status, err = waitForFirstboot(cmd.Context(), root, status, newProgress(p.stderr))
		}
		if err != nil {
			return failed(err)
		}
		switch out.format {
		case "json":
			err = out.object(status)
		case "svg":
			err = drawStatus(p.stdout, root, status)
		default:
			err = printStatus(p.stdout, terminalOf(p.stdout), status)
		}
		if err != nil {
			return failed(err)
		}
		switch status.Result {
		case firstboot.OK:
			return nil
		case firstboot.Degraded:
			return exitError{2, nil}
		case firstboot.NotRun, firstboot.Running:
			return exitError{3, nil}
		}
		return exitError{1, nil}
	}
	return cmd
}

// drawStatus writes the picture of a boot.
func drawStatus(w io.Writer, root *rootfs.Root, status firstboot.Status) error {
	data := timeline.Data{Status: status}
	live, err := root.Live()
	if err != nil {
		return err
	}
	if live {
		var now unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
			return fmt.Errorf("cannot tell how long the kernel has run: %w", err)
		}
		data.Uptime = time.Duration(now.Nano()).Seconds()
	}
	return timeline.SVG(w, data)
}

// waitForFirstboot waits until first boot is through in this boot. It stops when no unit is left that could bring that about.
func waitForFirstboot(ctx context.Context, root *rootfs.Root, status firstboot.Status, line *progress) (firstboot.Status, error) {
	live, err := root.Live()
	if !live || err != nil {
		return status, err
	}
	booted, err := systemd.Running()
	if !booted || err != nil {
		return status, err
	}
	const (
		tick = 200 * time.Millisecond // reading two small files
		ask  = 10                     // ticks; asking systemd costs more
		deaf = 15                     // times: early in a boot there is no D-Bus yet, through which users other than root ask
	)
	defer line.clear()
	for n, unheard := 0, 0; unfinished(status); n++ {
		line.show(waitsFor(status, time.Now()))
		if n%ask == 0 {
			pending, err := pendingUnits(ctx)
			switch {
			case err == nil && !pending:
				return firstboot.ReadStatus(root, version) // it may have come to its end meanwhile
			case err == nil:
				unheard = 0
			case unheard == deaf:
				return status, err
			default:
				unheard++
			}
		}
		select {
		case <-time.After(tick):
		case <-ctx.Done():
			return status, fmt.Errorf("interrupted; as of now: %s", status.Verdict)
		}
		if status, err = firstboot.ReadStatus(root, version); err != nil {
			return status, err
		}
	}
	return status, nil
}

// unfinished tells that a unit has yet to end. A failed identity counts too: the second unit still tells the verdict. So does a
// stage that was cut off: systemd may be about to start it again.
func unfinished(s firstboot.Status) bool {
	for _, r := range s.Stages {
		if r.Stage == firstboot.Provision && !r.Ended.IsZero() {
			return false
		}
	}
	return true
}

// waitsFor says what first boot is at, in a line.
func waitsFor(s firstboot.Status, now time.Time) string {
	if len(s.Stages) == 0 {
		return "waiting for leaven-identity.service"
	}
	stage := s.Stages[len(s.Stages)-1]
	text := ""
	for _, step := range s.Steps {
		if step.Boot == stage.Boot && step.Result == firstboot.Running {
			if text != "" {
				text += "; "
			}
			text += fmt.Sprintf("%s: %s, %.0f s", step.ID, step.Title, max(now.Sub(step.Started).Seconds(), 0))
		}
	}
	switch {
	case text != "":
		return "waiting for " + text
	case stage.Stage == firstboot.Identity && stage.Result != firstboot.Running:
		return "waiting for leaven-firstboot.service"
	}
	return fmt.Sprintf("waiting for the %s stage", stage.Stage)
}

func pendingUnits(ctx context.Context) (bool, error) {
	for _, unit := range []string{"leaven-identity.service", "leaven-firstboot.service"} {
		if pending, err := systemd.Pending(ctx, unit); pending || err != nil {
			return pending, err
		}
	}
	return false, nil
}
