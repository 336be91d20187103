package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/leaven-dev/leaven/bake"
	"github.com/leaven-dev/leaven/bake/baseline"
	"github.com/leaven-dev/leaven/bake/laststage"
	"github.com/leaven-dev/leaven/internal/rootfs"
	"github.com/leaven-dev/leaven/internal/seal"
)

func newBakeCommand(p *program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "bake --root DIR",
		Short: "Seal an image: take out what belongs to the machine it was built on",
		Args:  noArgsButBaseline,
	}
	s := addSelectionFlags(cmd.Flags())
	base := addBaselineFlag(cmd.Flags(), "remember all files there are, so that an audit can tell what the build changes, and seal nothing")
	out := addOutputFlags(cmd.Flags(), p, "text", "json", "jsonl")
	stage := string(bake.All)
	cmd.Flags().Var(&choice{value: &stage, from: []string{"live", "shutdown", "all"}}, "stage", "which rules to run: live, shutdown or all; with --last-stage the default is live")
	dryRun := cmd.Flags().Bool("dry-run", false, "print what would be done and change nothing")
	overwrite := cmd.Flags().Bool("overwrite", false, "overwrite credentials before they are removed")
	mkswap := cmd.Flags().Bool("mkswap", false, "put zeros over swap files; their UUIDs stay")
	zeroFree := cmd.Flags().Bool("zero-free", false, "put zeros over what is free on the image's disks; takes as long as writing them")
	lastStage := cmd.Flags().Bool("last-stage", false, "seal once more when this system powers off, after all that writes has stopped")
	disarm := cmd.Flags().Bool("disarm", false, "take --last-stage back, so that this system is not sealed when it powers off, and seal nothing")
	final := cmd.Flags().Bool("final", false, "this is the last stage")
	cmd.Flags().MarkHidden("final")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *disarm {
			return runDisarm(cmd, s, out)
		}
		if base.chosen(args) {
			if odd := given(cmd, func(name string) bool {
				return slices.Contains([]string{"dry-run", "last-stage", "stage", "overwrite", "mkswap", "zero-free", "final"}, name)
			}); len(odd) > 0 {
				return fmt.Errorf("--baseline seals nothing: leave out %s", list(odd))
			}
		}
		if s.root == "" {
			return errors.New("say which tree to seal: --root DIR for an image's tree, --root / for this running system")
		}
		if *lastStage && !cmd.Flags().Changed("stage") {
			stage = string(bake.Live)
		}
		s.given.Stage = bake.Stage(stage)
		if *mkswap {
			s.switches = append(s.switches, "swap-files=on")
		}
		ctx, cancel := s.within(cmd.Context())
		defer cancel()
		out.begin()
		if base.chosen(args) {
			return out.end(takeBaseline(ctx, s, out, base))
		}
		return out.end(runBake(ctx, s, out, baking{dryRun: *dryRun, overwrite: *overwrite, zeroFree: *zeroFree, lastStage: *lastStage, final: *final}))
	}
	return cmd
}

// baking is what bake does besides what the selection says.
type baking struct {
	dryRun, overwrite, zeroFree bool
	lastStage, final            bool // arm the last stage; be the last stage
}

func runBake(ctx context.Context, s *selection, out *output, b baking) error {
	if s.given.Stage == bake.Live {
		s.stay = []string{baseline.Path} // the audit to come needs it; the last stage takes it
	}
	root, err := rootfs.Open(s.root)
	if err != nil {
		return err
	}
	defer root.Close()
	live, err := root.Live()
	if err != nil {
		return err
	}
	armed := false
	if live && !b.final {
		if armed, err = laststage.Armed(ctx); err != nil {
			return err
		}
	}
	s.given.LastStage = live && (armed || b.lastStage)
	plan, err := s.planIn(root)
	if err != nil {
		return err
	}
	out.catalogue = plan.Catalogue()
	switch {
	case live && os.Geteuid() != 0 && !b.dryRun:
		return errors.New("sealing the running system needs root rights: use sudo")
	case b.lastStage && !live:
		return errors.New("--last-stage is for the running system: leave it out, or use --root /")
	}
	report := bake.BakeReport{
		Schema: "leaven/bake/1", Version: version, Root: s.root, Stage: s.options.Stage, Profile: s.options.Profile, DryRun: b.dryRun,
		Unknown: orEmpty(plan.Unknown), Notes: orEmpty(slices.Concat(plan.Notes, heldNotes(plan))),
	}
	if b.dryRun {
		report.Changes = orEmpty(plan.Preview())
		for _, c := range report.Changes {
			out.change(c)
		}
	} else {
		if err := s.withdraw(root); err != nil {
			return err
		}
		applier := &bake.Applier{Root: root, Overwrite: b.overwrite, Each: out.change}
		if live {
			applier.Command = quiesce
		}
		report.Changes = orEmpty(applier.Apply(ctx, plan))
	}
	for _, f := range report.Unknown {
		out.finding(f)
	}
	if !b.dryRun {
		if live && !b.final && (armed || b.lastStage) {
			err = record(report.Changes)
		}
		err = errors.Join(err, s.conclude(ctx, root, live, b, report))
	}
	if err == nil && !b.dryRun && (armed || b.lastStage) {
		report.Notes = append(report.Notes, armedNote)
	}
	if b.zeroFree && !b.dryRun && !b.lastStage {
		err = errors.Join(err, s.zeroFree(ctx, root, out, live && !b.final))
	}
	switch out.format {
	case "json":
		err = errors.Join(err, out.object(report))
	case "jsonl":
		for _, n := range report.Notes {
			out.note("%s", n)
		}
	case "text":
		printBake(out.p.stdout, report, err == nil && bakeVerdict(report) == nil)
	}
	if err != nil {
		return exitError{1, err}
	}
	return bakeVerdict(report)
}

// withdraw removes the proof of an earlier sealing, which would speak for an image that this run, or the last stage, does not
// get to the end of. A run of a few rules, or of what is written again, leaves a sealed image sealed.
func (s *selection) withdraw(root *rootfs.Root) error {
	if s.options.Stage == bake.Shutdown || len(s.given.Only) > 0 {
		return nil
	}
	if err := root.Remove(seal.Path); err != nil {
		return failed(fmt.Errorf("cannot withdraw the proof of an earlier sealing: %w", err))
	}
	return nil
}

// conclude arms the last stage, or leaves the proof in an image that is sealed for good.
func (s *selection) conclude(ctx context.Context, root *rootfs.Root, live bool, b baking, r bake.BakeReport) error {
	switch {
	case b.lastStage:
		return s.armLastStage(ctx, root, b)
	case s.options.Stage != bake.All || len(s.options.Only) > 0:
		return nil
	}
	proof, err := s.proof(r)
	if err != nil {
		return err
	}
	proof.Stage = "offline"
	if live {
		proof.Stage = "live"
	}
	var recorded error
	if b.final {
		proof.Stage = "shutdown"
		recorded = addRecorded(&proof)
	}
	if err := seal.Write(root, proof); err != nil {
		return err
	}
	if b.final {
		return errors.Join(recorded, announce(proof))
	}
	return nil
}

// bakeVerdict is nil, or says in a sentence what is wrong: 1 something could not be removed, 2 cannot tell.
func bakeVerdict(r bake.BakeReport) error {
	left := 0
	for _, c := range r.Changes {
		if c.Result == bake.Failed || c.Result == bake.Refused {
			left++
		}
	}
	switch {
	case left > 0:
		return exitError{1, fmt.Errorf("%s could not be removed from %s", count(left, "thing"), r.Root)}
	case len(r.Unknown) > 0:
		return exitError{2, fmt.Errorf("%s in %s could not be looked at", count(len(r.Unknown), "place"), r.Root)}
	}
	return nil
}

// quiesce runs a command that makes a writer let go. A program that is not installed has nothing running, and where systemd
// does not run (sd_booted(3)) nothing runs that it would stop.
func quiesce(ctx context.Context, argv []string) error {
	if _, err := os.Stat("/run/systemd/system"); errors.Is(err, os.ErrNotExist) && slices.Contains([]string{"systemctl", "journalctl"}, argv[0]) {
		return nil
	}
	program, err := exec.LookPath(argv[0])
	if errors.Is(err, exec.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, argv[1:]...)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("cannot run %v: %w: %s", argv, err, text)
	}
	return nil
}

// orEmpty makes a nil list one that JSON writes as [].
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
