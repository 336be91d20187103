package secrets

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestScannerIsNoSecret scans the agent itself: the marks that it knows lie side by side in it.
func TestScannerIsNoSecret(t *testing.T) {
	for _, arch := range []string{"amd64", "arm64"} {
		file := filepath.Join(t.TempDir(), "leaven")
		build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", file, "github.com/leaven-dev/leaven/cmd/leaven")
		build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOARCH="+arch)
		if text, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		fi, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		scanner, err := New(Options{})
		if err != nil {
			t.Fatal(err)
		}
		hits, err := scanner.Scan("/usr/bin/leaven", f, fi.Size())
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range hits {
			t.Errorf("%s at %d in the agent for %s", h.Rule, h.Offset, arch)
		}
	}
}
