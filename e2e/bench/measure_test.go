package bench

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/e2e/debroot"
)

// program builds leaven as it is shipped (AGENT_TAGS in the Makefile).
func program(b *testing.B) string {
	b.Helper()
	name := filepath.Join(b.TempDir(), "leaven")
	out, err := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=", "-tags=nethttpomithttp2", "-o", name, "github.com/leaven-dev/leaven/cmd/leaven").CombinedOutput()
	if err != nil {
		b.Fatalf("cannot build leaven: %v\n%s", err, out)
	}
	return name
}

// tree is a copy of a Debian root as a virtual machine has it.
func tree(b *testing.B) string {
	b.Helper()
	root, err := debroot.Build(b.Context(), debroot.VM("bookworm"), os.Stderr)
	if err != nil {
		b.Fatal(err)
	}
	dir := filepath.Join(b.TempDir(), "root")
	if err := root.CopyTo(b.Context(), dir); err != nil {
		b.Fatal(err)
	}
	return dir
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

// usage is what runs of a program cost.
type usage struct {
	cpu    time.Duration
	memory int64 // the most that was resident, in bytes
}

// run runs a program and adds up. Any exit status that is listed is fine.
func (u *usage) run(b *testing.B, statuses []int, argv ...string) {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), argv[0], argv[1:]...)
	out, err := cmd.CombinedOutput()
	fine := false
	for _, s := range statuses {
		fine = fine || cmd.ProcessState != nil && cmd.ProcessState.ExitCode() == s
	}
	if !fine {
		b.Fatalf("%v: %v\n%.2000s", argv, err, out)
	}
	u.cpu += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if r, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		u.memory = max(u.memory, r.Maxrss*1024)
	}
}

// report prints the cost of one run; size is what was read, in MB, or 0.
func (u *usage) report(b *testing.B, size float64) {
	perRun := u.cpu.Seconds() / float64(b.N)
	b.ReportMetric(perRun, "cpu-s/op")
	b.ReportMetric(float64(u.memory)/1e6, "MB-resident")
	if size > 0 {
		b.ReportMetric(size/perRun, "MB/cpu-s")
	}
}
