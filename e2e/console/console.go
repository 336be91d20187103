// Package console keeps what a machine writes on its console: in a file, for
// people, and in memory, for tests that wait for a line.
package console

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
)

// Log is an io.Writer; one machine writes, any number wait.
type Log struct {
	path string

	mu      sync.Mutex
	file    *os.File
	text    bytes.Buffer
	changed chan struct{} // closed, and made new, at each write
	ended   bool
}

// Create makes the file anew.
func Create(path string) (*Log, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("cannot keep a console log: %w", err)
	}
	return &Log{path: path, file: f, changed: make(chan struct{})}, nil
}

// Path returns the file.
func (l *Log) Path() string { return l.path }

// Write adds to the log and wakes who waits.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(p)
	close(l.changed)
	l.changed = make(chan struct{})
	return l.file.Write(p)
}

// Close says that the machine has ended: who still waits gets an error.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return nil
	}
	l.ended = true
	close(l.changed)
	l.changed = make(chan struct{})
	return l.file.Close()
}

// Text returns all that was written so far.
func (l *Log) Text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Tail returns the last lines, for an error message.
func (l *Log) Tail(lines int) string {
	all := strings.Split(strings.TrimRight(strings.ReplaceAll(l.Text(), "\r", ""), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// Wait returns as soon as text has been written, since the start of the log. It
// is an error when the machine ends, or ctx, before that.
func (l *Log) Wait(ctx context.Context, text string) error {
	for {
		l.mu.Lock()
		found := bytes.Contains(l.text.Bytes(), []byte(text))
		ended, changed := l.ended, l.changed
		l.mu.Unlock()
		switch {
		case found:
			return nil
		case ended:
			return fmt.Errorf("the machine ended before it wrote %q; its last lines, from %s:\n%s", text, l.path, l.Tail(20))
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("%q was not written: %w; the last lines, from %s:\n%s", text, ctx.Err(), l.path, l.Tail(20))
		}
	}
}
