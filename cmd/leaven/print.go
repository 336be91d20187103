package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/leaven-dev/leaven/bake"
)

// maxPaths is how many paths of one rule people are shown; JSON has them all.
const maxPaths = 5

// printBake writes what was done, rule by rule. Whole tells that all of it was.
func printBake(w io.Writer, r bake.BakeReport, whole bool) {
	verb := "sealed"
	switch {
	case r.DryRun:
		verb = "would seal"
	case !whole:
		verb = "NOT sealed, or only in part:"
	}
	var bytes int64
	for _, group := range byRule(r.Changes, func(c bake.Change) string { return c.Rule }) {
		var sum int64
		for _, c := range group {
			sum += c.Bytes
		}
		bytes += sum
		fmt.Fprintf(w, "%-20s %s, %s\n", group[0].Rule, count(len(group), "path"), size(sum))
		for i, c := range group {
			if c.Message != "" {
				fmt.Fprintf(w, "  %s: %s: %s\n", c.Path, c.Result, c.Message)
			} else if i < maxPaths || r.DryRun {
				fmt.Fprintf(w, "  %s\n", c.Path)
			}
		}
		if hidden := len(group) - maxPaths; hidden > 0 && !r.DryRun {
			fmt.Fprintf(w, "  and %d more\n", hidden)
		}
	}
	for _, f := range r.Unknown {
		fmt.Fprintf(w, "unknown: %s: %s (%s)\n", f.Path, f.Message, f.Rule)
	}
	for _, n := range r.Notes {
		fmt.Fprintf(w, "note: %s\n", n)
	}
	fmt.Fprintf(w, "%s %s: %s, %s\n", verb, r.Root, count(len(r.Changes), "path"), size(bytes))
}

// printAudit writes what was found: what must be dealt with first comes first, one group for each rule, with the cure.
func printAudit(w io.Writer, r bake.AuditReport, docs map[string]bake.Check) {
	counts := map[string]int{}
	class := ""
	for _, group := range byRule(r.Findings, func(f bake.Finding) string { return classOf(f) + "\x00" + f.Rule + "\x00" + f.Fix }) {
		first := group[0]
		counts[classOf(first)] += len(group)
		if class != classOf(first) {
			class = classOf(first)
			fmt.Fprintf(w, "%s\n", class)
		}
		printGroup(w, group, docs[first.Rule])
	}
	for _, n := range r.Notes {
		fmt.Fprintf(w, "note: %s\n", n)
	}
	if len(r.Findings) == 0 {
		fmt.Fprintf(w, "%s is clean\n", r.Root)
		return
	}
	fmt.Fprintf(w, "%s: %s, %d unknown, %s, %d pending\n", r.Root,
		count(counts[classError], "error"), counts[classUnknown], count(counts[classWarning], "warning"), counts[classPending])
}

// The headings of printAudit, in their order.
const (
	classError   = "ERRORS: the image must not be used so"
	classUnknown = "UNKNOWN: could not be looked at, so nobody can tell"
	classWarning = "WARNINGS: worth a decision"
	classPending = "PENDING: the last stage takes it at shutdown"
)

func classOf(f bake.Finding) string {
	switch {
	case f.State == bake.Pending:
		return classPending
	case f.State == bake.Unknown:
		return classUnknown
	case f.Severity == bake.Warning:
		return classWarning
	}
	return classError
}

// printGroup writes the findings of one rule.
func printGroup(w io.Writer, group []bake.Finding, doc bake.Check) {
	first := group[0]
	title := doc.Title
	if title == "" {
		title = first.Message
	}
	fmt.Fprintf(w, "  %s (%d): %s\n", first.Rule, len(group), title)
	shown := group[:min(len(group), maxPaths)]
	places, wide := make([]string, len(shown)), 0
	for i, f := range shown {
		places[i] = f.Path
		if f.Line > 0 {
			places[i] = fmt.Sprintf("%s:%d", f.Path, f.Line)
		}
		wide = max(wide, min(len(places[i]), 60))
	}
	for i, f := range shown {
		if detail := detailOf(f, title, doc.Why); detail != "" {
			fmt.Fprintf(w, "    %-*s  %s\n", wide, places[i], detail)
		} else {
			fmt.Fprintf(w, "    %s\n", places[i])
		}
	}
	if hidden := len(group) - len(shown); hidden > 0 {
		fmt.Fprintf(w, "    and %d more: --output json lists them\n", hidden)
	}
	if doc.Why != "" {
		fmt.Fprintf(w, "    why:  %s\n", doc.Why)
	}
	if first.Fix != "" {
		fmt.Fprintf(w, "    cure: %s\n", first.Fix)
	}
}

// detailOf is what a finding says beyond its rule's title and reason, and the hash for the allow list.
func detailOf(f bake.Finding, title, why string) string {
	detail := strings.TrimPrefix(f.Message, title)
	detail = strings.TrimPrefix(strings.TrimPrefix(detail, ": "+why), ", ")
	if f.Hash != "" {
		detail = strings.TrimSpace(detail + " [hash " + f.Hash + "]")
	}
	return detail
}

// byRule puts what has the same key together, in the order of first appearance.
func byRule[T any](list []T, key func(T) string) [][]T {
	var groups [][]T
	index := map[string]int{}
	for _, v := range list {
		k := key(v)
		i, known := index[k]
		if !known {
			i = len(groups)
			index[k] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], v)
	}
	return groups
}

// size writes a number of bytes for people.
func size(n int64) string {
	const unit = 1024
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	v, prefix := float64(n)/unit, 0
	for v >= unit && prefix < 3 {
		v /= unit
		prefix++
	}
	return fmt.Sprintf("%.1f %ciB", v, "KMGT"[prefix])
}
