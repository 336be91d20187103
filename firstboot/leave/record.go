package leave

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

const (
	runDir = "/run/leaven"
	// File is there while the instance leaves, and after that.
	File = runDir + "/leaving"
	// cancelledFile holds the record of a leave that was cancelled: its notices count no more.
	cancelledFile = runDir + "/leave-cancelled"
	recordSchema  = "leaven/leave/1"
)

// Result is how a phase, or the whole, ended.
type Result string

// The results.
const (
	Running Result = "running"
	OK      Result = "ok"
	Failed  Result = "failed"
	Nothing Result = "nothing" // the hook only: Auto Scaling waits for no answer
)

// Record is what happened and what did not yet. Everybody may read it: it holds no secrets.
type Record struct {
	Schema   string    `json:"schema"`
	Instance string    `json:"instance"`
	Notices  []Notice  `json:"notices"` // the first one began it
	Began    time.Time `json:"began"`
	Deadline time.Time `json:"deadline"`
	Ended    time.Time `json:"ended,omitzero"`
	Result   Result    `json:"result"`
	Phases   []Phase   `json:"phases"`
}

// Phase is a part of leaving: drain, command, steps, hook.
type Phase struct {
	Name    string    `json:"name"`
	Began   time.Time `json:"began"`
	Ended   time.Time `json:"ended,omitzero"` // missing where it was cut off
	Result  Result    `json:"result"`
	Message string    `json:"message,omitempty"`
}

// phase returns the record of a phase, and false where it has not begun.
func (r *Record) phase(name string) (Phase, bool) {
	if i := slices.IndexFunc(r.Phases, func(p Phase) bool { return p.Name == name }); i >= 0 {
		return r.Phases[i], true
	}
	return Phase{}, false
}

func (r *Record) put(p Phase) {
	if i := slices.IndexFunc(r.Phases, func(old Phase) bool { return old.Name == p.Name }); i >= 0 {
		r.Phases[i] = p
		return
	}
	r.Phases = append(r.Phases, p)
}

// verdict is the worst that the phases make of the whole.
func (r *Record) verdict() Result {
	for _, p := range r.Phases {
		if p.Result == Failed || p.Result == Running {
			return Failed
		}
	}
	return OK
}

// Under tells whether the instance leaves, or has left. A record that cannot be read still says so.
func Under(root *rootfs.Root) (bool, error) { return root.Exists(File) }

// Read returns the record of a leave that is under way or through; nil without one.
func Read(root *rootfs.Root) (*Record, error) { return read(root, File) }

func read(root *rootfs.Root, name string) (*Record, error) {
	data, err := root.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var r Record
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	if err == nil && r.Schema != recordSchema {
		err = fmt.Errorf("its schema is %q, not %q", r.Schema, recordSchema)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", name, err)
	}
	return &r, nil
}

func (r *Record) write(root *rootfs.Root, name string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return root.WriteFile(name, append(data, '\n'), 0o644)
}

// keepFile is where the record outlives the boot.
func keepFile(instance string) string { return "/var/lib/leaven/" + instance + "/leave.json" }

// Cancel takes a leave back: health is what it was, what is under way stops, and the notices that began it count no more. It returns
// false where there is none.
func Cancel(root *rootfs.Root) (bool, error) {
	there, err := Under(root)
	if err != nil || !there {
		return false, err
	}
	d, err := root.OpenDir(runDir)
	if err != nil {
		return false, err
	}
	defer d.Close()
	if err := d.Rename("leaving", "leave-cancelled"); err != nil {
		return false, fmt.Errorf("cannot cancel leaving: %w", err)
	}
	return true, nil
}

// cancelled tells whether a notice was cancelled.
func cancelled(root *rootfs.Root, n Notice) (bool, error) {
	r, err := read(root, cancelledFile)
	if r == nil || err != nil {
		return false, err
	}
	return slices.ContainsFunc(r.Notices, n.same), nil
}
