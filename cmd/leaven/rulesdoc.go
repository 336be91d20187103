package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/leaven-dev/leaven/bake"
)

//go:generate sh -c "go run . rules --output markdown > ../../docs/rules.md"

// writeRules writes the catalogue as a document.
func writeRules(w io.Writer, d bake.Description) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "# What baking takes out\n\n")
	fmt.Fprintf(b, "This is written by `leaven rules --output markdown`. The rules apply in this order: where two find the same path the first one has it.\n\n")
	fmt.Fprintf(b, "`~` is every home directory, `**` any number of folders. A rule that is on is acted on; one for audit is only reported, as a warning; one that is off is\nleft out. "+
		"`--only`, `--skip` and the profiles change that. A rule of the stage shutdown is about something that is written again as long as the\nsystem runs, so the last stage takes it once more. What the build needs until its end, to get in or to finish, is held: as long as a last\n"+
		"stage will run it stays, and an audit calls it pending.\n\n")
	fmt.Fprintf(b, "## Profiles\n\n")
	for _, p := range d.Profiles {
		fmt.Fprintf(b, "- **%s**: %s", p.Name, p.Title)
		if len(p.On) > 0 {
			fmt.Fprintf(b, "; also on: %s", codes(p.On))
		}
		if len(p.Off) > 0 {
			fmt.Fprintf(b, "; left alone: %s", codes(p.Off))
		}
		fmt.Fprintln(b)
	}
	group := ""
	for _, r := range d.Rules {
		if r.Group != group {
			group = r.Group
			fmt.Fprintf(b, "\n## %s\n", group)
		}
		writeRule(b, r)
	}
	fmt.Fprintf(b, "\n# What an audit looks for besides\n\nThe same ids go into `--skip`, `--only`, the allow list and `bake.yaml`. An error fails the audit, a warning only with `--strict`.\n")
	for _, c := range d.Checks {
		fmt.Fprintf(b, "\n### %s\n\n%s. *%s.*\n\n", c.ID, sentence(c.Title), severities(c))
		fmt.Fprintf(b, "- if it stays: %s\n- cure: %s\n", c.Why, c.Fix)
		if c.Source != "" {
			fmt.Fprintf(b, "- source: %s\n", c.Source)
		}
	}
	return b.Flush()
}

func writeRule(w io.Writer, r bake.RuleDescription) {
	fmt.Fprintf(w, "\n### %s\n\n%s. *%s, %s, %s.*\n\nIf it stays: %s.\n\n", r.ID, sentence(r.Title), r.Action, r.Default, ruleStage(r), r.Why)
	item := func(what, text string) {
		if text != "" {
			fmt.Fprintf(w, "- %s: %s\n", what, text)
		}
	}
	item("where", codes(r.Where))
	for _, n := range r.Named {
		item("and what is named in", codes(n.In)+" by "+codes([]string{n.Match}))
	}
	item("but not", codes(r.Except))
	if r.Holds != "" {
		item("only files that hold", codes([]string{r.Holds}))
	}
	if r.Files {
		item("folders", "stay, whatever they are called")
	}
	if r.Unowned {
		item("files of packages", "stay")
	}
	item("only where there is", codes(r.When))
	item("not where there is", codes(r.Unless))
	item("left to the last stage on a running system", codes(r.Busy))
	if r.Held {
		item("the build needs it", "so it is left to the last stage where one is armed, and taken after all else where none is")
	}
	item("made again", r.MadeAgain)
	item("stays, as a finding, unless there is", strings.Join(r.Makers, ", "))
	var commands []string
	for _, c := range r.Commands {
		commands = append(commands, strings.Join(c, " "))
	}
	item("on a running system, first", codes(commands))
	item("on a running system, afterwards", codes(r.Scripts))
	item("source", r.Source)
}

// ruleStage writes "live", "shutdown" or "shutdown, held".
func ruleStage(r bake.RuleDescription) string {
	if r.Held {
		return string(r.Stage) + ", held"
	}
	return string(r.Stage)
}

// codes writes words as code. A word may hold a backquote itself.
func codes(words []string) string {
	var out []string
	for _, w := range words {
		fence := "`"
		if strings.Contains(w, "`") {
			fence = "``"
		}
		out = append(out, fence+w+fence)
	}
	return strings.Join(out, ", ")
}

func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
