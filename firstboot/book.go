package firstboot

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// book keeps the records of one instance: state.json, replaced in one step and synced, and events.jsonl, the timeline, to which
// lines are added. Steps that run side by side share it.
type book struct {
	root *rootfs.Root
	boot string

	mu     sync.Mutex
	state  State
	events *os.File
	failed error // the first write that failed; the run goes on and says so at its end
}

// openBook reads the records of an instance, or begins them. A damaged state is errCorrupt and stays as it is.
func openBook(root *rootfs.Root, who identification, version, boot string) (*book, error) {
	b := &book{root: root, boot: boot}
	state, err := loadState(root, who.ID)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		b.state = State{Schema: stateSchema, Instance: who.Instance, Stages: []StageRecord{}, Steps: []StepRecord{}}
	case err != nil:
		return nil, err
	default:
		b.state = *state
	}
	b.state.Version = version
	if who.Source != FromRecord {
		b.state.Instance, b.state.MachineID, b.state.UUID = who.Instance, who.machineID, who.uuid
	}
	return b, nil
}

// begin makes the instance's folder and turns the link to it. It is left out of openBook so that a dry run can read.
func (b *book) begin() error {
	d, err := b.root.MkdirAll(instanceDir(b.state.Instance.ID), 0o755)
	if err != nil {
		return err
	}
	defer d.Close()
	entries, err := d.ReadDir()
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".leaven-") { // a write that was cut off
			b.fail(d.Remove(e.Name()))
		}
	}
	if err := b.turn(); err != nil {
		return err
	}
	b.events, err = openEvents(d)
	return err
}

// turn makes the link lead to this instance.
func (b *book) turn() error {
	id := b.state.Instance.ID
	if last, err := current(b.root); err == nil && last == id {
		return nil
	}
	d, err := b.root.OpenDir(stateDir)
	if err != nil {
		return err
	}
	defer d.Close()
	const temp = ".leaven-current"
	if err := d.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := d.Symlink(id, temp); err != nil {
		return err
	}
	if err := d.Rename(temp, "current"); err != nil {
		return err
	}
	return d.Sync()
}

// adopt goes on under another instance id: with the records so far, where they were made under a provisional id, else without. A
// crash in the middle leaves the link at either; what is left of a provisional id is told by the state.
func (b *book) adopt(now Instance, same bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	was := b.state.Instance.ID
	if same {
		b.state.Provisional = was
	} else {
		b.state = State{Schema: stateSchema, Version: b.state.Version, Stages: b.state.Stages, Steps: slices.DeleteFunc(b.state.Steps, func(r StepRecord) bool { return r.Boot != b.boot })}
	}
	b.state.Instance = now
	data, err := json.MarshalIndent(b.state, "", "  ")
	if err != nil {
		return err
	}
	if err := b.root.WriteFile(stateFile(now.ID), append(data, '\n'), 0o644); err != nil {
		return err
	}
	old := b.events
	if err := b.begin(); err != nil || old == nil {
		return err
	}
	return old.Close()
}

// close syncs the timeline and returns what could not be written.
func (b *book) close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.events == nil {
		return b.failed
	}
	b.fail(b.events.Sync())
	b.fail(b.events.Close())
	return b.failed
}

// update changes the state and writes it.
func (b *book) update(change func(*State)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(&b.state)
	data, err := json.MarshalIndent(b.state, "", "  ")
	if err == nil {
		err = b.root.WriteFile(stateFile(b.state.Instance.ID), append(data, '\n'), 0o644)
	}
	b.fail(err)
}

// fail keeps the first error of those who write: on a full disk there is one for each step.
func (b *book) fail(err error) {
	if b.failed == nil {
		b.failed = err
	}
}

// blame is the error of the step that counts against a stage whose records cannot be written.
func (b *book) blame(rec StageRecord) error {
	sum := summarize([]StageRecord{rec}, b.copy(), rec.Boot)
	return WithCure(fmt.Errorf("step %s: %s", sum.Step, sum.Message), cmp.Or(sum.Cure, recordsCure))
}

const recordsCure = "look at the disk that holds " + stateDir

// note changes the state and leaves the writing to the next update.
func (b *book) note(change func(*State)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(&b.state)
}

// copy returns the state as it is now.
func (b *book) copy() *State {
	b.mu.Lock()
	defer b.mu.Unlock()
	state := b.state
	state.Stages, state.Steps = slices.Clone(state.Stages), slices.Clone(state.Steps)
	return &state
}

// instance returns the id of the instance that the book is about.
func (b *book) instance() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.state.Instance.ID
}

// step returns a step's record.
func (b *book) step(id string) (StepRecord, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.state.step(id)
}

// verdict is the worst that the steps of a stage, each by its policy, make of this boot.
func (b *book) verdict(stage Stage) Result {
	b.mu.Lock()
	defer b.mu.Unlock()
	result := OK
	for _, s := range b.state.Steps {
		if r := s.weighed(); s.Stage == stage && s.Boot == b.boot && worse(r, result) {
			result = r
		}
	}
	return result
}
