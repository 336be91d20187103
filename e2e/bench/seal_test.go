package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/e2e/corpus"
	"github.com/leaven-dev/leaven/e2e/debroot"
)

// BenchmarkSeal seals copies of one tree, a Debian root with the corpus planted in it, with leaven and with its peers, in
// turns, and judges what each made of it. To beat: 0.15 s of the processor. virt-sysprep, which works on a disk image through
// a virtual machine of its own, is not here: it took 29.6 s of the processor, removed 45 of 126 things and aborted half way on
// a deep folder.
func BenchmarkSeal(b *testing.B) {
	script, err := filepath.Abs("testdata/careful.sh")
	if err != nil {
		b.Fatal(err)
	}
	leaven := program(b)
	peers := []struct {
		name string
		argv func(dir string) []string
	}{
		{"leaven", func(dir string) []string { return []string{leaven, "bake", "--root", dir} }},
		{"script", func(dir string) []string { return []string{"sh", script, dir} }},
		{"cloud-init", func(dir string) []string {
			return []string{"chroot", dir, "cloud-init", "clean", "--logs", "--machine-id"}
		}},
	}
	dirty := dirtyTree(b)
	costs := make([][]time.Duration, len(peers))
	marks := make([]map[corpus.Fate]int, len(peers))
	const rounds = 3 // each copies half a gigabyte for each peer
	for b.Loop() {
		for range rounds {
			for i, p := range peers {
				dir := filepath.Join(b.TempDir(), p.name)
				if err := dirty.CopyTo(b.Context(), dir); err != nil {
					b.Fatal(err)
				}
				dirtyUp(b, dir)
				w, err := corpus.See(dir, corpus.Items())
				if err != nil {
					b.Fatal(err)
				}
				var u usage
				u.run(b, []int{0}, p.argv(dir)...)
				costs[i] = append(costs[i], u.cpu)
				marks[i] = w.Right()
				if err := os.RemoveAll(dir); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	b.ReportMetric(0, "ns/op") // what the copying took says nothing
	all := map[corpus.Fate]int{}
	for _, it := range corpus.Items() {
		all[it.Fate]++
	}
	for i, p := range peers {
		slices.Sort(costs[i])
		b.ReportMetric(costs[i][len(costs[i])/2].Seconds(), p.name+"-cpu-s")
		for _, fate := range []corpus.Fate{corpus.Removed, corpus.Cleared, corpus.Reset, corpus.Kept} {
			b.ReportMetric(100*float64(marks[i][fate])/float64(all[fate]), fmt.Sprintf("%s-%%%v", p.name, fate))
		}
	}
}

// dirtyTree is a Debian root as a virtual machine has it, with cloud-init.
func dirtyTree(b *testing.B) *debroot.Root {
	b.Helper()
	root, err := debroot.Build(b.Context(), debroot.VM("bookworm").With("cloud-init"), os.Stderr)
	if err != nil {
		b.Fatal(err)
	}
	return root
}

// dirtyUp plants the corpus in a copy of it.
func dirtyUp(b *testing.B, dir string) {
	b.Helper()
	passwd, err := os.ReadFile(filepath.Join(dir, "etc/passwd"))
	if err != nil {
		b.Fatal(err)
	}
	for _, err := range []error{
		os.WriteFile(filepath.Join(dir, "etc/passwd"), append(passwd, corpus.Users...), 0o644),
		corpus.Plant(dir, corpus.Around()), corpus.Plant(dir, corpus.Items()),
	} {
		if err != nil {
			b.Fatal(err)
		}
	}
}
