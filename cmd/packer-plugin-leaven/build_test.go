package main

import (
	"os/exec"
	"testing"
)

// Images are often built from a Mac, and Packer runs on Windows too. Package bake is for Linux alone, so one import too many
// in what the plugin reads of it breaks this. One architecture of each is enough: no code depends on it.
func TestPluginBuildsForOtherSystems(t *testing.T) {
	for _, system := range []string{"darwin", "windows"} {
		t.Run(system, func(t *testing.T) {
			cmd := exec.Command("go", "build", "-o", t.TempDir()+"/plugin", ".")
			cmd.Env = append(cmd.Environ(), "GOOS="+system, "GOARCH=arm64", "CGO_ENABLED=0")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("cannot build: %v\n%s", err, out)
			}
		})
	}
}
