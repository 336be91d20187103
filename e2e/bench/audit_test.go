package bench

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// BenchmarkAudit audits a Debian root, and lets gitleaks search the same one. To beat: 2 s of the processor and 100 MB for
// the audit, 60 MB a second for --full; gitleaks took 58.6 s.
func BenchmarkAudit(b *testing.B) {
	leaven, dir := program(b), tree(b)
	size := megabytes(b, dir)
	audit := func(size float64, arguments ...string) func(*testing.B) {
		return func(b *testing.B) {
			var u usage
			for b.Loop() {
				u.run(b, []int{0, 1}, append([]string{leaven, "audit", "--root", dir, "--output", "json"}, arguments...)...)
			}
			u.report(b, size)
		}
	}
	b.Run("leaven", audit(0))
	baseline := filepath.Join(b.TempDir(), "baseline")
	b.Run("leaven-baseline-taken", func(b *testing.B) {
		var u usage
		for b.Loop() {
			u.run(b, []int{0}, leaven, "bake", "--root", dir, "--baseline="+baseline)
		}
		u.report(b, 0)
	})
	b.Run("leaven-baseline", audit(0, "--baseline="+baseline))
	b.Run("leaven-full", audit(size, "--full"))
	b.Run("gitleaks", func(b *testing.B) {
		gitleaks, err := exec.LookPath("gitleaks")
		if err != nil {
			b.Fatalf("cannot compare with gitleaks: %v: run `make bench`", err)
		}
		var u usage
		for b.Loop() {
			u.run(b, []int{0, 1}, gitleaks, "dir", "--no-banner", "--redact=100", dir)
		}
		u.report(b, size)
	})
}
