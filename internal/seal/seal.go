// Package seal is the proof that sealing leaves in an image: what was done, and what was left. Baking writes it last of all;
// first boot and offline audits read it. It names rules and counts, no paths and no content, so that it tells nothing of the
// machine that the image was built on.
package seal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// Path is where the proof lies in an image.
const Path = "/var/lib/leaven/seal.json"

// ErrNone says that a tree holds no proof: it was never sealed, or sealing did not get to its end.
var ErrNone = errors.New("the image holds no proof that it was sealed (" + Path + " is missing)")

// Seal is the proof.
type Seal struct {
	Schema    string    `json:"schema"`    // "leaven/seal/1"
	Version   string    `json:"version"`   // of Leaven
	Catalogue string    `json:"catalogue"` // digest of the rules that were used
	Profile   string    `json:"profile"`
	Stage     string    `json:"stage"` // "shutdown" when the last stage wrote it, "offline" for a tree that was not running
	Time      time.Time `json:"time"`  // UTC
	Rules     []Rule    `json:"rules"` // in the order of the catalogue
	Left      []Left    `json:"left"`  // empty in an image that is clean
}

// Rule is what one rule did: one of those that were used, whether or not it found anything.
type Rule struct {
	Rule   string `json:"rule"`
	Result Result `json:"result"`
	Paths  int    `json:"paths"`
	Bytes  int64  `json:"bytes"`
	Failed int    `json:"failed"`
}

// Result is what became of what a rule looked for.
type Result string

// The results of a rule.
const (
	Clean  Result = "clean"  // there was nothing to do
	Done   Result = "done"   // what was there is gone
	Failed Result = "failed" // some of it is not
)

// Left counts what of a rule is still there.
type Left struct {
	Rule  string `json:"rule"`
	State string `json:"state"` // dirty or unknown
	Paths int    `json:"paths"`
}

// Schema of the file as this package writes it.
const Schema = "leaven/seal/1"

// Write puts the proof into a tree.
func Write(root *rootfs.Root, s Seal) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	if err := root.WriteFile(Path, append(data, '\n'), 0o644); err != nil {
		return fmt.Errorf("cannot write the proof: %w", err)
	}
	return nil
}

// Read finds the proof in a tree; ErrNone where there is none.
func Read(root *rootfs.Root) (Seal, error) {
	var s Seal
	data, err := root.ReadFile(Path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, ErrNone
	}
	if err != nil {
		return s, fmt.Errorf("cannot read the proof of sealing: %w", err)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil {
		return s, fmt.Errorf("cannot read the proof of sealing %s: %w", Path, err)
	}
	if s.Schema != Schema {
		return s, fmt.Errorf("cannot read the proof of sealing %s: schema %q, not %q", Path, s.Schema, Schema)
	}
	return s, nil
}
