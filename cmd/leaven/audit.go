package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/leaven-dev/leaven/bake"
	"github.com/leaven-dev/leaven/bake/audit"
	"github.com/leaven-dev/leaven/bake/laststage"
	"github.com/leaven-dev/leaven/bake/sarif"
	"github.com/leaven-dev/leaven/bake/settings"
	"github.com/leaven-dev/leaven/internal/rootfs"
	"github.com/leaven-dev/leaven/internal/seal"
)

func newAuditCommand(p *program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit --root DIR",
		Short: "Look for what baking should have taken out, ways in, and secrets; change nothing",
		Args:  noArgsButBaseline,
	}
	s := addSelectionFlags(cmd.Flags())
	base := addBaselineFlag(cmd.Flags(), "search only what the build changed, by what `leaven bake --baseline` remembers")
	out := addOutputFlags(cmd.Flags(), p, "text", "json", "jsonl", "sarif")
	strict := cmd.Flags().Bool("strict", false, "fail on warnings too")
	full := cmd.Flags().Bool("full", false, "search every file for secrets, even those that are as their packages installed them")
	allow := cmd.Flags().StringArray("allow", nil, "accept findings: rule=ID,path=PATTERN,hash=HEX, any of the three")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if s.root == "" {
			return errors.New("say which tree to audit: --root DIR for an image's tree, --root / for this running system")
		}
		ctx, cancel := s.within(cmd.Context())
		defer cancel()
		out.begin()
		a := auditing{strict: *strict, full: *full, allow: *allow}
		if base.chosen(args) {
			a.baseline = base
		}
		return out.end(runAudit(ctx, s, out, a))
	}
	return cmd
}

// auditing is what audit does besides what the selection says.
type auditing struct {
	strict, full bool
	allow        []string
	baseline     *baselineFlag // nil where it was not given
}

func runAudit(ctx context.Context, s *selection, out *output, a auditing) error {
	root, plan, err := s.plan()
	if err != nil {
		return err
	}
	out.catalogue = plan.Catalogue()
	defer root.Close()
	live, err := root.Live()
	if err != nil {
		return err
	}
	if live && os.Geteuid() != 0 {
		return errors.New("cannot tell whether this system is clean: only root sees everything: use sudo")
	}
	o, err := a.options(ctx, s, root, live)
	if err != nil {
		return err
	}
	found, notes, err := audit.Run(ctx, root, plan, o)
	if o.Armed {
		notes = append([]string{armedNote}, notes...)
	}
	report := bake.AuditReport{
		Schema: "leaven/audit/1", Version: version, Root: s.root, Profile: o.Profile, Findings: orEmpty(found),
		Notes: orEmpty(append(s.notes(root, live), notes...)),
	}
	if printing := out.audit(report, s.describe()); printing != nil {
		return printing
	}
	if err != nil {
		return fmt.Errorf("the audit of %s did not get to its end: %w", s.root, err)
	}
	switch bake.Verdict(found, a.strict) {
	case 1:
		return exitError{1, fmt.Errorf("%s is not clean", s.root)}
	case 2:
		hint := ""
		if uid := os.Geteuid(); uid != 0 {
			hint = fmt.Sprintf(" (this is user %d: root sees everything)", uid)
		}
		return exitError{2, fmt.Errorf("cannot tell whether %s is clean: not everything could be looked at%s", s.root, hint)}
	}
	return nil
}

// options are what the audit is to look for.
func (a auditing) options(ctx context.Context, s *selection, root *rootfs.Root, live bool) (audit.Options, error) {
	o := s.checks
	o.Full = a.full
	var err error
	if a.baseline != nil {
		if o.Baseline, err = a.baseline.read(root); err != nil {
			return o, err
		}
	}
	for _, text := range a.allow {
		entry, err := settings.ParseAllow(text)
		if err == nil {
			err = entry.Check(s.rules.known(), o.Salt != nil)
		}
		if err != nil {
			return o, err
		}
		o.Allow = append(o.Allow, entry)
	}
	if live { // only a running system has a last stage to come
		o.Armed, err = laststage.Armed(ctx)
	}
	return o, err
}

// notes say what of the image itself the audit rests on.
func (s *selection) notes(root *rootfs.Root, live bool) (notes []string) {
	if s.from != "" && s.config == "" {
		notes = append(notes, fmt.Sprintf("the image's own settings, %s, were followed: --config /dev/null goes without", s.from))
	}
	if n := len(s.rules.origin); n > 0 {
		notes = append(notes, fmt.Sprintf("%s of vendors, which the image carries, were followed", count(n, "rule")))
	}
	if live {
		return notes
	}
	switch proof, err := seal.Read(root); {
	case err != nil:
		notes = append(notes, err.Error())
	case proof.Stage == "live":
		notes = append(notes, "the image was sealed while it ran, and not again when it shut down")
	}
	return notes
}

// describe documents every rule and check by its id.
func (s *selection) describe() map[string]bake.Check {
	all := map[string]bake.Check{}
	for _, r := range s.rules.list {
		all[r.ID] = bake.Check{ID: r.ID, Title: r.Title, Why: r.Why, Source: r.Source, Severity: r.Severity}
	}
	for _, c := range audit.Checks() {
		all[c.ID] = c
	}
	return all
}

// audit prints a report in the form that was asked for.
func (o *output) audit(r bake.AuditReport, docs map[string]bake.Check) error {
	switch o.format {
	case "json":
		return o.object(r)
	case "sarif":
		return sarif.Write(o.p.stdout, r, docs)
	case "jsonl":
		for _, f := range r.Findings {
			o.finding(f)
		}
		for _, n := range r.Notes {
			o.note("%s", n)
		}
	default:
		printAudit(o.p.stdout, r, docs)
	}
	return nil
}
