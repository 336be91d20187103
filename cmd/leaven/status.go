package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/leaven-dev/leaven/bake"
	"github.com/leaven-dev/leaven/firstboot"
	"github.com/leaven-dev/leaven/internal/rootfs"
	"github.com/leaven-dev/leaven/internal/systemd"
)

func newStatusCommand(p *program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Tell what first boot did, step by step; exit 0 ok, 1 failed, 2 degraded, 3 not run or not through",
		Args:  cobra.NoArgs,
	}
	dir := cmd.Flags().String("root", "/", "the tree to look at; / is this system")
	wait := cmd.Flags().Bool("wait", false, "wait until first boot is through, as long as there is something to wait for")
	out := addOutputFlags(cmd.Flags(), p, "text", "json")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		root, err := openRoot(*dir, false)
		if err != nil {
			return failed(err)
		}
		defer root.Close()
		status, err := firstboot.ReadStatus(root, version)
		if *wait && err == nil {
			status, err = waitForFirstboot(cmd.Context(), root, status)
		}
		if err != nil {
			return failed(err)
		}
		if out.format == "json" {
			err = out.object(status)
		} else {
			err = printStatus(p.stdout, status)
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

// waitForFirstboot waits until first boot is through in this boot. It stops when no unit is left that could bring that about.
func waitForFirstboot(ctx context.Context, root *rootfs.Root, status firstboot.Status) (firstboot.Status, error) {
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
	for n, unheard := 0, 0; unfinished(status); n++ {
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

// unfinished tells that a unit has yet to end. A failed identity counts too: the second unit still tells the verdict.
func unfinished(s firstboot.Status) bool {
	for _, r := range s.Stages {
		if r.Stage == firstboot.Provision && r.Result != firstboot.Running {
			return false
		}
	}
	return true
}

func pendingUnits(ctx context.Context) (bool, error) {
	for _, unit := range []string{"leaven-identity.service", "leaven-firstboot.service"} {
		if pending, err := systemd.Pending(ctx, unit); pending || err != nil {
			return pending, err
		}
	}
	return false, nil
}

func printStatus(w io.Writer, s firstboot.Status) error {
	fmt.Fprintf(w, "%s\n", s.Verdict)
	if s.Instance.ID != "" {
		fmt.Fprintf(w, "instance: %s\n", s.Instance)
	}
	if len(s.Steps) > 0 {
		fmt.Fprintln(w)
		table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "STAGE\tSTEP\tRESULT\tDONE\tTOOK\tDETAIL")
		for _, step := range s.Steps {
			done := "-"
			if !step.Done.IsZero() {
				done = step.Done.Format(time.RFC3339)
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%.3f s\t%s\n", step.Stage, step.ID, step.Result, done, step.Seconds, bake.Quote(step.Message))
		}
		if err := table.Flush(); err != nil {
			return err
		}
		for _, step := range s.Steps {
			if step.Cure != "" {
				fmt.Fprintf(w, "%s: %s\n", step.ID, step.Cure)
			}
		}
	}
	if len(s.HostKeys) > 0 {
		fmt.Fprintln(w)
	}
	for _, key := range s.HostKeys {
		fmt.Fprintln(w, key)
	}
	return nil
}
