package bench

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// program is leaven as it is shipped.
func program(b *testing.B) string {
	b.Helper()
	name, err := filepath.Abs("../../bin/leaven")
	if err != nil {
		b.Fatal(err)
	}
	if _, err := os.Stat(name); err != nil {
		b.Fatalf("%v: run `make build` first", err)
	}
	return name
}

// megabytes adds up the files of a tree, in 10^6 bytes.
func megabytes(b *testing.B, dir string) float64 {
	b.Helper()
	sum := int64(0)
	if err := filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		info, err := e.Info()
		if err == nil {
			sum += info.Size()
		}
		return err
	}); err != nil {
		b.Fatal(err)
	}
	return float64(sum) / 1e6
}

// entries counts all that is in a tree.
func entries(b *testing.B, dir string) int {
	b.Helper()
	n := 0
	if err := filepath.WalkDir(dir, func(_ string, _ fs.DirEntry, err error) error {
		n++
		return err
	}); err != nil {
		b.Fatal(err)
	}
	return n
}

// scales tell what programs cost.
type scales struct {
	rusage string // the program; see its documentation for why it is one
	file   string
}

func newScales(b *testing.B) *scales {
	b.Helper()
	dir := b.TempDir()
	s := &scales{filepath.Join(dir, "rusage"), filepath.Join(dir, "cost")}
	command(b, "go", "build", "-ldflags=-s -w", "-o", s.rusage, "github.com/leaven-dev/leaven/e2e/bench/rusage")
	return s
}

// cost is what a run of a program took.
type cost struct {
	cpu    float64 // in seconds
	memory float64 // the most that one process had resident, in 10^6 bytes
}

// weigh runs a program. Any exit status that is listed is fine.
func (s *scales) weigh(b *testing.B, statuses []int, argv ...string) cost {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), s.rusage, append([]string{s.file}, argv...)...)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil || !slices.Contains(statuses, cmd.ProcessState.ExitCode()) {
		b.Fatalf("%q: %v\n%.2000s", argv, err, out)
	}
	text, err := os.ReadFile(s.file)
	if err != nil {
		b.Fatalf("%q cost nobody knows what: %v\n%.2000s", argv, err, out)
	}
	return readCost(b, string(text))
}

// readCost reads what rusage wrote.
func readCost(b *testing.B, text string) cost {
	b.Helper()
	var kib, us float64
	if _, err := fmt.Sscan(text, &kib, &us); err != nil {
		b.Fatalf("cannot read what rusage wrote: %v in %q", err, text)
	}
	return cost{cpu: us / 1e6, memory: kib * 1024 / 1e6}
}

// medianCost is the median time, and the most memory.
func medianCost(costs []cost) cost {
	var cpu, memory []float64
	for _, c := range costs {
		cpu, memory = append(cpu, c.cpu), append(memory, c.memory)
	}
	return cost{median(cpu), slices.Max(memory)}
}
