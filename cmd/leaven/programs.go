package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/leaven-dev/leaven/firstboot/install"
)

// programs are what goes into an image: this program, and the agent where one lies beside it, as `make build` leaves them
// (leaven and leaven-agent), or as they lie in an image.
func programs() (install.Programs, error) {
	whole, err := os.ReadFile("/proc/self/exe") // also when its file was deleted meanwhile
	if err != nil {
		return install.Programs{}, fmt.Errorf("cannot read this program: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return install.Programs{}, fmt.Errorf("cannot tell where this program lies: %w", err)
	}
	agent, err := os.ReadFile(agentBeside(self))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return install.Programs{}, fmt.Errorf("cannot read the agent: %w", err)
	}
	return install.Programs{Whole: whole, Agent: agent}, nil
}

// agentBeside is where the agent of a whole program is: bin/leaven-agent-linux-arm64 of bin/leaven-linux-arm64.
func agentBeside(whole string) string {
	if whole == install.Whole {
		return install.Program
	}
	dir, name := filepath.Split(whole)
	if rest, ok := strings.CutPrefix(name, "leaven"); ok {
		return filepath.Join(dir, "leaven-agent"+rest)
	}
	return filepath.Join(dir, name+"-agent")
}
