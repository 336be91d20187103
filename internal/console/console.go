// Package console writes to the system's console, where an instance can be heard before there is a network. On EC2 it is what
// GetConsoleOutput returns.
//
// It is not for progress: a serial line passes about 11 bytes a millisecond, and a write waits for it.
package console

import (
	"fmt"
	"os"
	"syscall"
)

// Write writes data in one write, so that lines of others do not get in between. It returns only when the console has taken
// them, which a line that is held up may never do.
func Write(data []byte) error {
	const name = "/dev/console"
	// O_NOCTTY: the console must not become our controlling terminal.
	f, err := os.OpenFile(name, os.O_WRONLY|syscall.O_NOCTTY, 0)
	if err != nil {
		return fmt.Errorf("cannot open the console: %w", err)
	}
	defer f.Close()
	if _, err := f.Write(data); err != nil {
		return fmt.Errorf("cannot write to the console: %w", err)
	}
	return nil
}
