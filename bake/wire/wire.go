// Package wire is what the agent says to the Packer plugin: JSON lines on standard output (`--output jsonl`).
//
// A run opens with a begin record and closes with an end record that repeats the nonce which the caller chose. Only the end
// record proves that the run came to its end: Packer's SSH communicator can report exit status 0 for a session that broke
// off. Beat records come every second, so that an agent whose reader has gone away meets a closed pipe and dies instead of
// working on.
package wire

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/leaven-dev/leaven/bake/report"
)

// Type tells the records apart.
type Type string

// The types of record.
const (
	Begin   Type = "begin"
	Beat    Type = "beat"
	Change  Type = "change"
	Finding Type = "finding"
	Note    Type = "note"
	End     Type = "end"
)

// A Record is one line. Which fields are set depends on Type.
type Record struct {
	Type    Type            `json:"type"`
	Nonce   string          `json:"nonce,omitempty"`   // begin, end
	PID     int             `json:"pid,omitempty"`     // begin
	Version string          `json:"version,omitempty"` // begin
	Change  *report.Change  `json:"change,omitempty"`
	Finding *report.Finding `json:"finding,omitempty"`
	Note    string          `json:"note,omitempty"`
	Exit    *int            `json:"exit,omitempty"`  // end: what the process exits with
	Error   string          `json:"error,omitempty"` // end: why it failed, one sentence

	Catalogue string `json:"catalogue,omitempty"` // end: digest of the rules that were applied
}

// maxLine bounds a record: paths are at most 4 KiB, four times that when quoted.
const maxLine = 1 << 20

// Read calls each for every record until the end record that carries nonce, which it returns. Lines that are no records
// (a banner, a warning of sudo) go to other. A stream that stops before its end record is an error.
func Read(r io.Reader, nonce string, each func(Record), other func(line string)) (Record, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		var rec Record
		if err := json.Unmarshal(lines.Bytes(), &rec); err != nil || rec.Type == "" {
			other(lines.Text())
			continue
		}
		if rec.Type != End {
			each(rec)
			continue
		}
		if rec.Nonce != nonce {
			return Record{}, errors.New("the end record carries another run's nonce")
		}
		if rec.Exit == nil {
			return Record{}, errors.New("the end record carries no exit status")
		}
		return rec, nil
	}
	if err := lines.Err(); err != nil {
		return Record{}, fmt.Errorf("cannot read the agent's records: %w", err)
	}
	return Record{}, errors.New("the agent's records stop before the end record")
}
