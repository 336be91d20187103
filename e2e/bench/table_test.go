package bench

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
)

// table is a page of figures for people, side by side.
type table struct {
	title   string
	columns []string
	rows    [][]string
	goals   []goal
}

// goal is what a figure is meant to be: at most limit, or at least. Not to reach it fails nothing; a benchmark fails when it
// cannot measure.
type goal struct {
	what    string
	figure  float64
	limit   float64
	unit    string
	atLeast bool
}

// row adds figures, one for each column; a negative one was not taken.
func (t *table) row(what, format string, figures ...float64) {
	cells := []string{what}
	for _, f := range figures {
		cell := "–"
		if f >= 0 {
			cell = fmt.Sprintf(format, f)
		}
		cells = append(cells, cell)
	}
	t.rows = append(t.rows, cells)
}

// print goes past the testing package, which cuts what benchmarks log after ten lines.
func (t *table) print(b *testing.B) {
	b.Helper()
	fmt.Printf("\n%s (load of this machine: %s)\n", t.title, load(b))
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "\t"+strings.Join(t.columns, "\t")+"\t")
	for _, r := range t.rows {
		fmt.Fprintln(w, strings.Join(r, "\t")+"\t")
	}
	w.Flush()
	w = tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	for _, g := range t.goals {
		sign, verdict := "≤", "met"
		if g.atLeast {
			sign = "≥"
		}
		if g.atLeast && g.figure < g.limit || !g.atLeast && g.figure > g.limit {
			verdict = "MISSED"
		}
		fmt.Fprintf(w, "  goal: %s\t%s %.4g %s\tis %.4g\t%s\n", g.what, sign, g.limit, g.unit, g.figure, verdict)
	}
	w.Flush()
	fmt.Println()
}

// load is the machine's in the last minute: figures of a busy machine say little.
func load(b *testing.B) string {
	b.Helper()
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		b.Fatal(err)
	}
	one, _, _ := strings.Cut(string(text), " ")
	return one
}

// median of figures, of which there is at least one.
func median(figures []float64) float64 {
	sorted := slices.Sorted(slices.Values(figures))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
