package bench

import (
	"os"
	"testing"
)

// BenchmarkFirstBootSize tells how big the agent is: on EC2, size is boot time.
func BenchmarkFirstBootSize(b *testing.B) {
	info, err := os.Stat(program(b))
	if err != nil {
		b.Fatal(err)
	}
	size := float64(info.Size()) / 1e6
	for b.Loop() { // nothing takes time here
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(size, "MB")
	t := table{title: "Size of the agent, stripped, with everything in it", columns: []string{"leaven"}}
	t.row("MB", "%.2f", size)
	t.goals = []goal{{what: "size", figure: size, limit: 14, unit: "MB"}}
	t.print(b)
}
