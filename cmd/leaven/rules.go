package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/leaven-dev/leaven/bake"
	"github.com/leaven-dev/leaven/bake/audit"
	"github.com/leaven-dev/leaven/internal/nearest"
	"github.com/leaven-dev/leaven/internal/rootfs"
	"github.com/leaven-dev/leaven/plugins/all"
)

func newRulesCommand(p *program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rules [RULE]...",
		Short: "List what baking takes out and what an audit looks for, or tell all about some rules: what, why, what makes it again",
	}
	dir := cmd.Flags().String("root", "", "list the rules of vendors too that this tree carries")
	out := addOutputFlags(cmd.Flags(), p, "text", "json", "markdown", "names")
	cmd.RunE = func(_ *cobra.Command, names []string) error {
		d, err := describeRules(*dir)
		if err == nil && len(names) > 0 {
			err = selectRules(&d, names)
		}
		if err != nil {
			return err
		}
		if out.format == "text" && len(names) > 0 {
			return explainRules(p.stdout, d)
		}
		switch out.format {
		case "json":
			return out.object(d)
		case "markdown":
			return writeRules(p.stdout, d)
		case "names":
			return writeNames(p.stdout, d)
		}
		return printRules(p.stdout, d)
	}
	return cmd
}

// describeRules documents the built-in rules and checks, and the vendors' rules of a tree where one is named.
func describeRules(dir string) (bake.Description, error) {
	r := rules{list: all.Rules()}
	if dir != "" {
		root, err := rootfs.Open(dir)
		if err != nil {
			return bake.Description{}, err
		}
		defer root.Close()
		if r, err = readRules(root); err != nil {
			return bake.Description{}, err
		}
	}
	catalogue, err := bake.NewCatalogue(r.list)
	if err != nil {
		return bake.Description{}, err
	}
	d := bake.Describe(version, catalogue)
	for i := range d.Rules {
		d.Rules[i].Origin = r.origin[d.Rules[i].ID]
	}
	d.Checks = bake.DescribeChecks(audit.Checks())
	return d, nil
}

// selectRules leaves the named rules and checks.
func selectRules(d *bake.Description, names []string) error {
	var ids []string
	for _, r := range d.Rules {
		ids = append(ids, r.ID)
	}
	for _, c := range d.Checks {
		ids = append(ids, c.ID)
	}
	for _, name := range names {
		if !slices.Contains(ids, name) {
			return fmt.Errorf("there is no rule %q%s", name, nearest.Hint(name, ids))
		}
	}
	d.Rules = slices.DeleteFunc(d.Rules, func(r bake.RuleDescription) bool { return !slices.Contains(names, r.ID) })
	d.Checks = slices.DeleteFunc(d.Checks, func(c bake.CheckDescription) bool { return !slices.Contains(names, c.ID) })
	return nil
}

// explainRules tells all about rules.
func explainRules(w io.Writer, d bake.Description) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(what, text string) {
		if text != "" {
			fmt.Fprintf(t, "  %s\t%s\n", what, text)
		}
	}
	for _, r := range d.Rules {
		fmt.Fprintf(t, "%s: %s\n", r.ID, r.Title)
		line("why", r.Why)
		line("source", r.Source)
		line("action", string(r.Action))
		line("default", string(r.Default))
		line("stage", ruleStage(r))
		line("made again by", r.MadeAgain)
		line("only with", strings.Join(r.Makers, ", "))
		line("when", strings.Join(r.When, " "))
		line("unless", strings.Join(r.Unless, " "))
		for _, where := range r.Where {
			line("where", where)
		}
		for _, n := range r.Named {
			line("named in", strings.Join(n.In, " ")+", by "+n.Match)
		}
		for _, except := range r.Except {
			line("except", except)
		}
		line("that hold", r.Holds)
		line("at shutdown", strings.Join(r.Busy, " "))
		for _, argv := range r.Commands {
			line("first run", strings.Join(argv, " ")+" (on a running system)")
		}
		for _, script := range r.Scripts {
			line("then run", script+" (on a running system)")
		}
		line("from", bake.Quote(r.Origin))
	}
	for _, c := range d.Checks {
		fmt.Fprintf(t, "%s: %s\n", c.ID, c.Title)
		line("severity", severities(c))
	}
	return t.Flush()
}

func printRules(w io.Writer, d bake.Description) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "GROUP\tRULE\tACTION\tDEFAULT\tSTAGE\tWHAT\tMADE AGAIN")
	for _, r := range d.Rules {
		again := r.MadeAgain
		if r.Origin != "" {
			again += " [" + bake.Quote(r.Origin) + "]"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Group, r.ID, r.Action, r.Default, ruleStage(r), r.Title, again)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(t, "\nCHECK OF THE AUDIT\tSEVERITY\tWHAT")
	for _, c := range d.Checks {
		fmt.Fprintf(t, "%s\t%s\t%s\n", c.ID, severities(c), c.Title)
	}
	fmt.Fprintf(t, "\n%s, %s; all about one: leaven rules RULE\n", count(len(d.Rules), "rule"), count(len(d.Checks), "check"))
	return t.Flush()
}

// severities writes "warning, marketplace error".
func severities(c bake.CheckDescription) string {
	var all []string
	if c.Severity != "" {
		all = append(all, string(c.Severity))
	}
	for _, p := range slices.Sorted(maps.Keys(c.Profiles)) {
		all = append(all, p+" "+string(c.Profiles[p]))
	}
	return strings.Join(all, ", ")
}

// count writes "1 thing" or "3 things".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if strings.HasSuffix(noun, "y") {
		noun = strings.TrimSuffix(noun, "y") + "ie"
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
