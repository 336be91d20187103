package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/leaven-dev/leaven/bake"
	"github.com/leaven-dev/leaven/plugins/all"
)

func newRulesCommand(p *program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "List what baking takes out, why, and what makes it again",
		Args:  cobra.NoArgs,
	}
	out := addOutputFlags(cmd.Flags(), p, "text", "json", "markdown")
	cmd.RunE = func(*cobra.Command, []string) error {
		catalogue, err := bake.NewCatalogue(all.Rules())
		if err != nil {
			return err
		}
		switch out.format {
		case "json":
			return out.object(bake.Describe(version, catalogue))
		case "markdown":
			return writeRules(p.stdout, bake.Describe(version, catalogue))
		}
		return printRules(p.stdout, catalogue.Rules())
	}
	return cmd
}

func printRules(w io.Writer, rules []bake.Rule) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "GROUP\tRULE\tACTION\tDEFAULT\tWHAT\tMADE AGAIN")
	for _, r := range rules {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", r.Group, r.ID, r.Action, r.Default, r.Title, r.MadeAgain)
	}
	fmt.Fprintf(t, "\n%s; paths, reasons and sources: --output json\n", count(len(rules), "rule"))
	return t.Flush()
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
