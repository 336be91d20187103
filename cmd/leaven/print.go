package main

import (
	"fmt"
	"io"

	"github.com/leaven-dev/leaven/bake"
)

// maxPaths is how many paths of one rule people are shown; JSON has them all.
const maxPaths = 5

// printBake writes what was done, rule by rule.
func printBake(w io.Writer, r bake.BakeReport) {
	verb := "sealed"
	if r.DryRun {
		verb = "would seal"
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
	fmt.Fprintf(w, "%s %s: %s, %s\n", verb, r.Root, count(len(r.Changes), "path"), size(bytes))
}

// printAudit writes what was found, rule by rule, with the cure.
func printAudit(w io.Writer, r bake.AuditReport) {
	for _, group := range byRule(r.Findings, func(f bake.Finding) string { return f.Rule + string(f.State) }) {
		fmt.Fprintf(w, "%s (%s, %s): %s\n", group[0].Rule, group[0].State, group[0].Severity, group[0].Message)
		for i, f := range group {
			if i == maxPaths {
				fmt.Fprintf(w, "  and %d more\n", len(group)-maxPaths)
				break
			}
			if f.Line > 0 {
				fmt.Fprintf(w, "  %s:%d\n", f.Path, f.Line)
			} else {
				fmt.Fprintf(w, "  %s\n", f.Path)
			}
		}
		fmt.Fprintf(w, "  cure: %s\n", group[0].Fix)
	}
	for _, n := range r.Notes {
		fmt.Fprintf(w, "note: %s\n", n)
	}
	if len(r.Findings) == 0 {
		fmt.Fprintf(w, "%s is clean\n", r.Root)
		return
	}
	states := map[bake.State]int{}
	for _, f := range r.Findings {
		states[f.State]++
	}
	fmt.Fprintf(w, "%s: %d dirty, %d pending, %d unknown\n", r.Root, states[bake.Dirty], states[bake.Pending], states[bake.Unknown])
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
