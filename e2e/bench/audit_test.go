package bench

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/leaven-dev/leaven/e2e/debroot"
)

// BenchmarkAudit audits a Debian root, and lets gitleaks search the same one. gitleaks takes a minute, and runs once.
func BenchmarkAudit(b *testing.B) {
	gitleaks, err := exec.LookPath("gitleaks")
	if err != nil {
		b.Fatalf("cannot compare with gitleaks: %v: run `make bench`", err)
	}
	leaven, dir := program(b), imageOf(b, debroot.VM("bookworm"))
	size, s := megabytes(b, dir), newScales(b)
	baseline := filepath.Join(b.TempDir(), "baseline")
	s.weigh(b, []int{0}, leaven, "bake", "--root", dir, "--baseline="+baseline)
	audits := [][]string{nil, {"--baseline=" + baseline}, {"--full"}}
	costs := make([][]cost, len(audits))
	for b.Loop() {
		for range turns() {
			for i, more := range audits {
				costs[i] = append(costs[i], s.weigh(b, []int{0, 1}, append([]string{leaven, "audit", "--root", dir, "--output", "json"}, more...)...))
			}
		}
	}
	usual, narrow, full := medianCost(costs[0]), medianCost(costs[1]), medianCost(costs[2])
	peer := s.weigh(b, []int{0, 1}, gitleaks, "dir", "--no-banner", "--redact=100", dir)
	t := table{title: fmt.Sprintf("Audit of %.0f MB, medians of %d", size, len(costs[0])), columns: []string{"audit", "--baseline", "--full", "gitleaks"}}
	t.row("CPU, s", "%.2f", usual.cpu, narrow.cpu, full.cpu, peer.cpu)
	t.row("memory, MB", "%.0f", usual.memory, narrow.memory, full.memory, peer.memory)
	t.row("MB a CPU second", "%.1f", -1, -1, size/full.cpu, size/peer.cpu)
	t.goals = []goal{
		{what: "audit's CPU", figure: usual.cpu, limit: 2, unit: "s"},
		{what: "audit's memory", figure: usual.memory, limit: 100, unit: "MB"},
		{what: "audit --full", figure: size / full.cpu, limit: 60, unit: "MB a CPU second", atLeast: true},
	}
	t.print(b)
	b.ReportMetric(0, "ns/op") // what a round took says nothing
	b.ReportMetric(usual.cpu, "audit-cpu-s")
	b.ReportMetric(usual.memory, "audit-MB")
	b.ReportMetric(narrow.cpu, "baseline-cpu-s")
	b.ReportMetric(size/full.cpu, "full-MB/cpu-s")
	b.ReportMetric(peer.cpu, "gitleaks-cpu-s")
}
