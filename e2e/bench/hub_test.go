package bench

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/e2e/hubs"
)

// BenchmarkHub brings up policy hubs in containers, from the start of leaven-firstboot.service until it is over, when a TLS connection
// to port 5308 has shown the right key: on an empty share, where the hub makes the key and fills masterfiles, and on one where
// another has done so, as a replacement finds it. Each iteration is a round of both; -benchtime=9x makes nine.
func BenchmarkHub(b *testing.B) {
	image, err := hubs.NewImage(b.Context(), "bookworm", program(b), os.Stderr)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { image.Close() })
	var first, later []float64
	steps := map[string][]float64{}
	for b.Loop() {
		for range turns() {
			v, err := hubs.NewVPC(b.Context(), b.TempDir())
			if err != nil {
				b.Fatal(err)
			}
			first = append(first, bootHub(b, v, image.Root, steps))
			later = append(later, bootHub(b, v, image.Root, nil))
			if err := v.Close(); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(0, "ns/op") // what a round took says nothing
	b.ReportMetric(median(first), "first-s")
	b.ReportMetric(median(later), "replacement-s")
	t := table{title: fmt.Sprintf("A policy hub, from the start of the unit until it serves, medians of %d", len(first)), columns: []string{"first on its share", "replacement"}}
	t.row("all, s", "%.2f", median(first), median(later))
	for _, id := range []string{"key", "masterfiles", "policy", "bootstrap", "serving"} {
		t.row("of that "+id+", s", "%.2f", median(steps["cfengine-"+id]), -1)
	}
	t.goals = []goal{
		{what: "a first hub serves", figure: median(first), limit: 3, unit: "s"},
		{what: "a replacement serves", figure: median(later), limit: 3, unit: "s"},
	}
	t.print(b)
}

// bootHub boots a fresh hub and returns how long its first boot took, in seconds, by systemd's clock.
func bootHub(b *testing.B, v *hubs.VPC, image string, steps map[string][]float64) float64 {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), 5*time.Minute)
	defer cancel()
	userData, err := v.HubUserData()
	if err != nil {
		b.Fatal(err)
	}
	m, err := v.New(ctx, image, userData, v.Mounts()...)
	if err != nil {
		b.Fatal(err)
	}
	syscall.Sync() // or who calls fsync first writes all that was copied
	if err := m.Boot(ctx); err != nil {
		b.Fatal(err)
	}
	s, err := m.OK(ctx)
	if err != nil {
		b.Fatal(err)
	}
	for _, step := range s.Steps {
		if steps != nil {
			steps[step.ID] = append(steps[step.ID], step.Seconds)
		}
	}
	if _, err := m.Container.WaitBooted(ctx); err != nil {
		b.Fatal(err)
	}
	unit := show(ctx, b, m.Container, "leaven-firstboot.service")
	took := (unit["ActiveEnterTimestampMonotonic"] - unit["InactiveExitTimestampMonotonic"]) / 1e6
	if took <= 0 {
		b.Fatalf("systemd gives no times of first boot: %v", took)
	}
	if err := m.Close(); err != nil {
		b.Fatal(err)
	}
	return took
}
