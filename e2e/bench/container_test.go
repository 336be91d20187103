package bench

import (
	"context"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/e2e/cache"
	"github.com/leaven-dev/leaven/e2e/debroot"
	"github.com/leaven-dev/leaven/e2e/nspawn"
)

// BenchmarkFirstBootContainer boots instances of one image in containers, in turns: without anything, with a shell script, with
// leaven, and with cloud-init. Each iteration is a round of boots; -benchtime=9x makes nine.
//
// It measures the time of the processor of the units and of the whole boot, when sshd is up, and the most memory that a process
// had. The disk is warm here: for what has to be read, see [BenchmarkFirstBootDisk].
func BenchmarkFirstBootContainer(b *testing.B) {
	all := flavours(program(b))
	image := imageOf(b, debroot.Container("bookworm").With("cloud-init"))
	rounds := make([][]bootFigures, len(all))
	for b.Loop() {
		for range turns() {
			for i, f := range all {
				rounds[i] = append(rounds[i], bootContainer(b, image, f, ""))
			}
		}
	}
	rusage := newScales(b).rusage
	t := table{title: fmt.Sprintf("First boot in a container, medians of %d", len(rounds[0]))}
	memory := make([]float64, len(all))
	for i, f := range all {
		t.columns = append(t.columns, f.name)
		memory[i] = -1
		if len(f.units) > 0 {
			memory[i] = bootContainer(b, image, f, rusage).memory
		}
	}
	each := func(pick func(bootFigures) float64) []float64 {
		var list []float64
		for i := range all {
			list = append(list, medianOf(rounds[i], pick))
		}
		return list
	}
	sshd, over := each(func(f bootFigures) float64 { return f.sshd }), each(func(f bootFigures) float64 { return f.over })
	agent, total := each(func(f bootFigures) float64 { return f.agent }), each(func(f bootFigures) float64 { return f.total })
	t.row("sshd up, s", "%.2f", sshd...)
	t.row("boot finished, s", "%.2f", over...)
	t.row("agent's CPU, s", "%.3f", agent...)
	t.row("whole boot's CPU, s", "%.2f", total...)
	t.row("agent's memory, MB", "%.1f", memory...)
	for i, f := range all {
		b.ReportMetric(sshd[i], f.name+"-sshd-s")
		if i != plain {
			b.ReportMetric(agent[i], f.name+"-cpu-s")
			b.ReportMetric(memory[i], f.name+"-MB")
		}
	}
	b.ReportMetric(0, "ns/op")     // what a round took says nothing
	later := func(i int) float64 { // both in the same round: what else the machine does hits both
		var list []float64
		for n := range rounds[i] {
			list = append(list, rounds[i][n].sshd-rounds[plain][n].sshd)
		}
		return median(list)
	}
	t.goals = []goal{
		{what: "agent's CPU, part of cloud-init's", figure: agent[withLeaven] / agent[cloudInit], limit: 0.05},
		// With an RSA key, nearly all of it is the search for primes; that is on request only.
		{what: "sshd up later than on the plain image", figure: later(withLeaven), limit: 0.15, unit: "s"},
		{what: "the same with an RSA key", figure: later(leavenRSA), limit: 0.15, unit: "s"},
		{what: "agent's memory", figure: memory[withLeaven], limit: 25, unit: "MB"},
		{what: "the same with an RSA key", figure: memory[leavenRSA], limit: 25, unit: "MB"},
	}
	t.print(b)
}

// turns is how many rounds of boots are one iteration of a benchmark. Time alone would end it after the first round, which takes
// longer than the second that is the default; so without a number (-benchtime=9x), there are a few.
func turns() int {
	if strings.HasSuffix(flag.Lookup("test.benchtime").Value.String(), "x") {
		return 1
	}
	return 5
}

// bootFigures is what one boot cost.
type bootFigures struct {
	sshd, over   float64 // when, in seconds after user space started
	agent, total float64 // time of the processor, in seconds: of the flavour's units, and of all
	memory       float64 // the most that one process of the flavour's had resident, in 10^6 bytes; only with rusage
}

// bootContainer boots a fresh instance of a flavour. A rusage program is put in front of what the flavour runs.
func bootContainer(b *testing.B, image string, f flavour, rusage string) bootFigures {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), 3*time.Minute)
	defer cancel()
	root, unmount := overlay(b, image)
	defer unmount()
	f.into(b, root)
	if rusage != "" {
		f.weigh(b, root, rusage)
	}
	syscall.Sync() // or who calls fsync first writes all that was copied
	c, err := nspawn.Boot(ctx, nspawn.Config{
		Root: root, Console: filepath.Join(b.TempDir(), "console.log"),
		Credentials: map[string]string{"leaven.instance-id": "i-0123456789abcdef0"},
	})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	// Nothing is asked before it is over: asking costs too.
	f.wait(ctx, b, c.Console)
	if state, err := c.WaitBooted(ctx); err != nil || state != "running" {
		failed, _ := c.FailedUnits(ctx)
		b.Fatalf("an instance with %s booted %q: %v; failed units:\n%s", f.name, state, err, failed)
	}
	figures := bootFigures{total: groupCPU(b, c)}
	boot := show(ctx, b, c)
	start := boot["UserspaceTimestampMonotonic"]
	figures.over = (boot["FinishTimestampMonotonic"] - start) / 1e6
	figures.sshd = (show(ctx, b, c, "ssh.service")["ActiveEnterTimestampMonotonic"] - start) / 1e6
	for _, unit := range f.units {
		figures.agent += show(ctx, b, c, unit)["CPUUsageNSec"] / 1e9
		if rusage == "" {
			continue
		}
		text, err := c.Run(ctx, "cat", "/run/bench/"+unit)
		if err != nil {
			b.Fatal(err)
		}
		figures.memory = max(figures.memory, readCost(b, text).memory)
	}
	if figures.sshd <= 0 || figures.over <= 0 || figures.total <= 0 || len(f.units) > 0 && figures.agent <= 0 {
		b.Fatalf("systemd gives no figures of the boot with %s: %+v", f.name, figures)
	}
	return figures
}

// show returns the numbers among systemd's properties of a unit, or of itself.
func show(ctx context.Context, b *testing.B, c *nspawn.Container, unit ...string) map[string]float64 {
	b.Helper()
	out, err := c.Run(ctx, append([]string{"systemctl", "show"}, unit...)...)
	if err != nil {
		b.Fatal(err)
	}
	numbers := map[string]float64{}
	for line := range strings.Lines(out) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		// Those that are not known are 2^64-1.
		if n, err := strconv.ParseFloat(value, 64); err == nil && n < math.MaxUint64 {
			numbers[key] = n
		}
	}
	return numbers
}

// groupCPU is the time of the processor that all processes of a container took together, in seconds (cgroups(7), cpu.stat).
func groupCPU(b *testing.B, c *nspawn.Container) float64 {
	b.Helper()
	groups, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", c.Leader()))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(groups)) {
		name, ok := strings.CutPrefix(strings.TrimSpace(line), "0::")
		for ; ok && !strings.HasPrefix(filepath.Base(name), "leaven-nspawn-"); name = filepath.Dir(name) {
			ok = name != "/" && name != "."
		}
		if !ok {
			continue
		}
		for _, mount := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"} {
			text, err := os.ReadFile(filepath.Join(mount, name, "cpu.stat"))
			if err != nil {
				continue
			}
			var us float64
			if _, err := fmt.Sscanf(string(text), "usage_usec %g", &us); err != nil {
				b.Fatalf("cannot read %s's cpu.stat: %v in %q", name, err, text)
			}
			return us / 1e6
		}
	}
	b.Fatalf("cannot find the container's control group in %q", groups)
	return 0
}

// imageOf is a folder with a root of a recipe, for overlay.
func imageOf(b *testing.B, r debroot.Recipe) string {
	b.Helper()
	root, err := debroot.Build(b.Context(), r, os.Stderr)
	if err != nil {
		b.Fatal(err)
	}
	dir := filepath.Join(scratch(b), "image")
	if err := root.CopyTo(b.Context(), dir); err != nil {
		b.Fatal(err)
	}
	return dir
}

// scratch is a folder on the cache's file system that goes away at the end.
func scratch(b *testing.B) string {
	b.Helper()
	s, err := cache.NewScratch()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	return s.Path
}

// overlay mounts what looks like a copy of a root.
func overlay(b *testing.B, root string) (dir string, unmount func()) {
	b.Helper()
	o, err := debroot.NewOverlay(b.Context(), root)
	if err != nil {
		b.Fatal(err)
	}
	return o.Root, func() {
		if err := o.Close(); err != nil {
			b.Error(err)
		}
	}
}

func medianOf(list []bootFigures, pick func(bootFigures) float64) float64 {
	var picked []float64
	for _, f := range list {
		picked = append(picked, pick(f))
	}
	return median(picked)
}
