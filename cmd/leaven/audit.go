package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/leaven-dev/leaven/bake"
	"github.com/leaven-dev/leaven/bake/laststage"
)

func newAuditCommand(p *program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit --root DIR",
		Short: "Look for what baking should have taken out; change nothing",
		Args:  cobra.NoArgs,
	}
	s := addSelectionFlags(cmd.Flags())
	out := addOutputFlags(cmd.Flags(), p, "text", "json", "jsonl")
	strict := cmd.Flags().Bool("strict", false, "fail on warnings too")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if s.root == "" {
			return errors.New("say which tree to audit: --root DIR for an image's tree, --root / for this running system")
		}
		ctx, cancel := s.within(cmd.Context())
		defer cancel()
		out.begin()
		return out.end(runAudit(ctx, s, out, *strict))
	}
	return cmd
}

func runAudit(ctx context.Context, s *selection, out *output, strict bool) error {
	root, plan, err := s.plan()
	if err != nil {
		return err
	}
	defer root.Close()
	armed, err := root.Live() // only a running system has a last stage to come
	if armed && err == nil {
		armed, err = laststage.Armed(ctx)
	}
	if err != nil {
		return err
	}
	found := bake.Auditing{Armed: armed}.Findings(plan)
	report := bake.AuditReport{
		Schema: "leaven/audit/1", Version: version, Root: s.root, Profile: s.options.Profile, Findings: orEmpty(found), Notes: []string{},
	}
	switch out.format {
	case "json":
		if err := out.object(report); err != nil {
			return err
		}
	case "jsonl":
		for _, f := range found {
			out.finding(f)
		}
	default:
		printAudit(out.p.stdout, report)
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	switch bake.Verdict(found, strict) {
	case 1:
		return exitError{1, fmt.Errorf("%s is not clean", s.root)}
	case 2:
		return exitError{2, fmt.Errorf("cannot tell whether %s is clean: not everything could be looked at", s.root)}
	}
	return nil
}
