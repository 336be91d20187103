package audit

import (
	"cmp"
	"context"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/leaven-dev/leaven/bake"
	"github.com/leaven-dev/leaven/bake/accounts"
	"github.com/leaven-dev/leaven/bake/baseline"
	"github.com/leaven-dev/leaven/bake/settings"
	"github.com/leaven-dev/leaven/internal/rootfs"
)

// memory is what the Go runtime may take before it collects garbage at every turn, in bytes: with the program itself, an
// audit stays below 100 MB. What unpacking one file needs is bounded where that is done.
const memory = 86 << 20

// Options say what is looked for, and what counts.
type Options struct {
	Profile  string
	Only     []string           // ids: nothing but these
	Skip     []string           // ids: not these
	Cross    []string           // mount points to treat as part of the image
	Full     bool               // search every file for secrets, whoever brought it along
	Baseline *baseline.Baseline // what the tree held when the build began; nil where that is not known
	Salt     []byte             // of the hashes of secrets; nil for another one in each run
	Allow    []settings.Allow
	Armed    bool // the last stage will run at shutdown
}

// wants tells whether a check is chosen.
func (o Options) wants(id string) bool {
	return (len(o.Only) == 0 || slices.Contains(o.Only, id)) && !slices.Contains(o.Skip, id)
}

func (o Options) wantsAny(checks []bake.Check) bool {
	return slices.ContainsFunc(checks, func(c bake.Check) bool { return o.wants(c.ID) })
}

// Run audits a tree. The plan is one that was made from the same tree with the rules of baking; the notes say what the
// audit rests on. While it runs, the process has a limit of memory. The error is about what ended the audit early: then the findings are not all.
func Run(ctx context.Context, root *rootfs.Root, plan *bake.Plan, o Options) (found []bake.Finding, notes []string, err error) {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(memory))
	found = bake.Auditing{Armed: o.Armed}.Findings(plan)
	planned := len(found)
	notes = append(notes, plan.Notes...)
	if o.wantsAny(accounts.Checks()) {
		more, said := accounts.Look(ctx, root, o.Profile)
		found, notes = append(found, more...), append(notes, said...)
	}
	if o.wantsAny(secretChecks()) || o.wants(unread) || o.Baseline != nil && o.wants(retouched) {
		more, said, scanErr := searchFiles(ctx, root, plan, o)
		found, notes, err = append(found, more...), append(notes, said...), scanErr
	}
	checks := map[string]bake.Check{}
	for _, c := range Checks() {
		checks[c.ID] = c
	}
	found = slices.Concat(found[:planned], slices.DeleteFunc(slices.Clone(found[planned:]), func(f bake.Finding) bool {
		return !o.wants(f.Rule) || told(plan, checks[f.Rule], f)
	}))
	found, said := allowed(found, o.Allow)
	notes = append(notes, said...)
	if o.Salt == nil && slices.ContainsFunc(found, func(f bake.Finding) bool { return f.Hash != "" }) {
		notes = append(notes, "the hashes of this run fit no other run: set `salt` in bake.yaml to accept findings by their hash")
	}
	slices.SortStableFunc(found, func(a, b bake.Finding) int {
		return cmp.Or(rank(a)-rank(b), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Path, b.Path), a.Line-b.Line)
	})
	return found, notes, err
}

// told tells whether a finding says nothing new: the plan takes the whole file, or a rule for the same thing found it or
// was told to leave it.
func told(plan *bake.Plan, c bake.Check, f bake.Finding) bool {
	name, err := bake.Unquote(f.Path)
	if err != nil || f.State == bake.Unknown {
		return false
	}
	same := func(it bake.Item) bool { return it.Path == name && slices.Contains(c.Rules, it.Rule.ID) }
	return plan.Gone(name) != nil || slices.ContainsFunc(plan.Spared, same) ||
		slices.ContainsFunc(plan.Items, func(it bake.Item) bool { return same(it) && (it.Acts() || f.Severity == bake.Warning) })
}

// rank orders findings for people: what must be dealt with first.
func rank(f bake.Finding) int {
	switch {
	case f.State == bake.Pending:
		return 3
	case f.Severity == bake.Warning:
		return 2
	case f.State == bake.Unknown:
		return 1
	}
	return 0
}

// count writes "1 file" or "3 files".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
