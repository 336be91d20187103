package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The agent lies in the images that it audits, and it knows the forms of all secrets: it must not take itself for one.
func TestAuditOfTheAgentItself(t *testing.T) {
	root := t.TempDir()
	for _, arch := range []string{"amd64", "arm64"} {
		build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(root, "usr/bin/leaven-"+arch), ".")
		build.Env = append(os.Environ(), "GOARCH="+arch, "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("cannot build the agent: %v\n%s", err, out)
		}
	}
	if err := os.MkdirAll(filepath.Join(root, "etc/leaven"), 0o755); err != nil {
		t.Fatal(err)
	}
	settings := "salt: 4f1c09ad2be87f3361d0aa41c7e95b28\nallow:\n  - {hash: 0123456789ab}\n"
	if err := os.WriteFile(filepath.Join(root, "etc/leaven/bake.yaml"), []byte(settings), 0o644); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	Main([]string{"bake", "--root", root, "--baseline"}, strings.NewReader(""), &stdout, &stderr)
	code := Main([]string{"audit", "--root", root, "--full", "--skip", "machine-id,leaven-baseline"}, strings.NewReader(""), &stdout, &stderr)
	if code != 0 || !strings.Contains(stdout.String(), "4 files searched for secrets") {
		t.Errorf("exit %d\n%s%s", code, stdout.String(), stderr.String())
	}
}
