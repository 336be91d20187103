package remote

import (
	"bytes"
	"slices"
	"sync"
)

// tailSize is how much a tail remembers: enough for any answer, and little enough to be shown to people.
const tailSize = 16 << 10

// tail remembers the last that was written to it. Commands that were given up may go on writing while it is read.
type tail struct {
	mu   sync.Mutex
	data []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.data = append(t.data, p...)
	if cut := len(t.data) - tailSize; cut > 0 {
		t.data = slices.Delete(t.data, 0, cut)
	}
	return len(p), nil
}

func (t *tail) lines() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var lines []string
	splitLines(bytes.NewReader(t.data), func(line string) { lines = append(lines, line) })
	return lines
}
