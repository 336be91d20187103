package audit

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"github.com/leaven-dev/leaven/bake"
	"github.com/leaven-dev/leaven/internal/rootfs"
)

// hostile makes a tree of files that ask for memory: windows of 64 MiB, several at a time, one after another in a file, and
// hidden behind small ones; archives inside one another; a database; a long line; more hits than are kept.
func hostile(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for _, command := range []string{
		`head -c 1000000 /dev/urandom > part; for i in $(seq 70); do cat part; done > plain`,
		`xz -T1 -0 --lzma2=preset=0,dict=64MiB -c plain > one.xz`,
		`head -c 20000000 plain | xz -T1 --block-size=2MiB --lzma2=preset=0,dict=64MiB -c > blocks.xz`,
		`for i in 1 2 3 4; do head -c 2000000 plain | xz -T1 --lzma2=preset=0,dict=64MiB -c; done > streams.xz`,
		`(echo x | xz -c; xz -T1 --lzma2=preset=0,dict=1GiB -c part) > behind.xz`,
		`zstd -q --long=26 -1 -c < plain > one.zst`,
		`zstd -q --long=26 -1 -c plain > segment.zst`,
		`(echo x | zstd -q -c; cat one.zst) > behind.zst`,
		`zstd -q --long=27 -1 -c < plain > wide.zst`,
		`cp one.zst two.zst; cp segment.zst three.zst`,
		`tar cf - one.zst segment.zst | gzip -1 > nested.tgz`,
		`head -c 2000000 plain | bzip2 | bzip2 | bzip2 | bzip2 > nested.bz2`,
		`head -c 3000000 plain | base64 -w0 | base64 -w0 | gzip | base64 > nested.b64`,
		`echo "pragma page_size=65536; create table t(a blob); insert into t values(zeroblob(900000)); insert into t select randomblob(900000) from generate_series(1,30);" | sqlite3 rows.db`,
		`tar cf databases.tar rows.db rows.db; rm plain part`,
		`yes "word=1,user=bob" | head -c 30000000 | tr '\n' ',' > line`,
		`truncate -s 3G sparse; echo x >> sparse`,
	} {
		cmd := exec.Command("sh", "-c", command)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("cannot run %s, which needs xz, zstd, bzip2 and sqlite3: %v\n%s", command, err, out)
		}
	}
	for i := range 40 {
		var text strings.Builder
		for j := range 800 {
			fmt.Fprintf(&text, "password = x%dQ%dz%dKw\n", j*7919+i, j*104729, j^0x5a5a)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("hits%d", i)), []byte(text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// auditMemory audits a tree and returns the most that the process had in memory meanwhile, in MB.
func auditMemory(t testing.TB, dir string) (peak float64, found []bake.Finding) {
	t.Helper()
	root, err := rootfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	catalogue, err := bake.NewCatalogue(rules())
	if err != nil {
		t.Fatal(err)
	}
	plan, err := bake.NewPlan(root, catalogue, bake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	debug.FreeOSMemory()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil { // proc(5): resets VmHWM
		t.Fatal(err)
	}
	if found, _, err = Run(context.Background(), root, plan, Options{Full: true}); err != nil {
		t.Fatal(err)
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	if m == nil {
		t.Fatalf("no VmHWM in\n%s", status)
	}
	kb, _ := strconv.Atoi(string(m[1]))
	return float64(kb) / 1e3, found
}

// Whatever an image holds, its audit fits the smallest instances. What needs more to be opened is named.
func TestMemory(t *testing.T) {
	peak, found := auditMemory(t, hostile(t))
	if peak > 100 {
		t.Errorf("the audit took %.0f MB", peak)
	}
	unknown := map[string]bool{}
	for _, f := range found {
		if f.State == bake.Unknown {
			unknown[f.Path] = true
		}
	}
	for path, want := range map[string]bool{"/behind.xz": true, "/behind.zst": true, "/wide.zst": true, "/one.xz": false, "/blocks.xz": false, "/one.zst": false, "/segment.zst": false, "/rows.db": false} {
		if unknown[path] != want {
			t.Errorf("%s was not looked at: %v", path, unknown[path])
		}
	}
	t.Logf("%.0f MB, %d findings", peak, len(found))
}

func BenchmarkHostile(b *testing.B) {
	dir := hostile(b)
	most := 0.0
	for b.Loop() {
		peak, _ := auditMemory(b, dir)
		most = max(most, peak)
	}
	b.ReportMetric(most, "peak-MB")
}
