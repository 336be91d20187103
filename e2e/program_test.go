package e2e

import (
	"os"
	"os/exec"
	"testing"
)

// program compiles the tests of a package to a program that needs nothing around it, to be run somewhere else.
func program(t *testing.T, file, pkg string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "test", "-c", "-ldflags=-s -w", "-o", file, pkg)
	cmd.Dir, cmd.Env = "..", append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("cannot compile the tests of %s: %v\n%s", pkg, err, out)
	}
}
