package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/leaven-dev/leaven/e2e/corpus"
	"github.com/leaven-dev/leaven/e2e/debroot"
)

// BenchmarkSeal seals copies of one tree, a Debian root with the corpus planted in it, with leaven and with its peers, in
// turns, and judges what each made of it. virt-sysprep takes half a minute, and runs once.
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
	dirty, s := dirtyTree(b), newScales(b)
	dir := filepath.Join(scratch(b), "root")
	costs, marks := make([][]cost, len(peers)), make([]map[corpus.Fate]int, len(peers))
	var faults []string // leaven's
	for b.Loop() {
		for range turns() {
			for i, p := range peers {
				command(b, "cp", "-a", dirty, dir) // no overlay: on one, to change a file is to copy it
				w, err := corpus.See(dir, corpus.Items())
				if err != nil {
					b.Fatal(err)
				}
				costs[i] = append(costs[i], s.weigh(b, []int{0}, p.argv(dir)...))
				if marks[i] = w.Right(); i == 0 {
					faults = w.Faults()
				}
				command(b, "rm", "-rf", dir)
			}
		}
	}
	var names []string
	for _, p := range peers {
		names = append(names, p.name)
	}
	last, right := sysprep(b, s, dirty)
	names, costs, marks = append(names, "virt-sysprep"), append(costs, []cost{last}), append(marks, right)
	t := table{title: fmt.Sprintf("Sealing %d entries, medians of %d", entries(b, dirty), len(costs[0]))}
	var cpu, memory []float64
	for i, name := range names {
		t.columns = append(t.columns, name)
		c := medianCost(costs[i])
		cpu, memory = append(cpu, c.cpu), append(memory, c.memory)
		b.ReportMetric(c.cpu, name+"-cpu-s")
	}
	t.row("CPU, s", "%.3f", cpu...)
	t.row("memory, MB", "%.0f", memory...)
	for _, fate := range fates() {
		var right []float64
		for i, name := range names {
			right = append(right, float64(marks[i][fate]))
			b.ReportMetric(100*float64(marks[i][fate])/float64(planted(fate)), fmt.Sprintf("%s-%%%v", name, fate))
		}
		t.row(fmt.Sprintf("%v, of %d", fate, planted(fate)), "%.0f", right...)
	}
	t.goals = []goal{{what: "bake's CPU", figure: cpu[0], limit: 0.15, unit: "s"}}
	for _, fate := range fates() {
		t.goals = append(t.goals, goal{what: fate.String(), figure: float64(marks[0][fate]), limit: float64(planted(fate)), atLeast: true})
	}
	t.print(b)
	for _, f := range faults {
		fmt.Println("  leaven's fault:", f)
	}
	b.ReportMetric(0, "ns/op") // what a round took says nothing
}

func fates() []corpus.Fate {
	return []corpus.Fate{corpus.Removed, corpus.Cleared, corpus.Reset, corpus.Kept}
}

// planted counts the items of a fate.
func planted(fate corpus.Fate) int {
	n := 0
	for _, it := range corpus.Items() {
		if it.Fate == fate {
			n++
		}
	}
	return n
}

// dirtyTree is a Debian root as a virtual machine has it, with cloud-init, and with the corpus planted in it.
func dirtyTree(b *testing.B) string {
	b.Helper()
	dir := imageOf(b, debroot.VM("bookworm").With("cloud-init"))
	passwd, err := os.ReadFile(filepath.Join(dir, "etc/passwd"))
	if err != nil {
		b.Fatal(err)
	}
	// Mail lies where Red Hat has it, as the corpus wants it; in Debian this one is the link.
	mail := filepath.Join(dir, "var/spool/mail")
	for _, err := range []error{
		os.Remove(mail), os.Rename(filepath.Join(dir, "var/mail"), mail), os.Symlink("spool/mail", filepath.Join(dir, "var/mail")),
		os.WriteFile(filepath.Join(dir, "etc/passwd"), append(passwd, corpus.Users...), 0o644),
		corpus.Plant(dir, corpus.Around()), corpus.Plant(dir, corpus.Items()),
	} {
		if err != nil {
			b.Fatal(err)
		}
	}
	return dir
}
