package firstboot

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

const stateSchema = "leaven/state/1"

// Result says how a step, a stage or a boot stands.
type Result string

// The results.
const (
	Waiting  Result = "waiting" // steps only: not begun yet
	Running  Result = "running" // begun, and no end was recorded
	OK       Result = "ok"
	Degraded Result = "degraded" // stages and boots only
	Failed   Result = "failed"
	Blocked  Result = "blocked" // steps only: not run, because one before it failed
)

// State is what is known of an instance. It holds no secrets: everybody on the instance may read it.
type State struct {
	Schema      string        `json:"schema"`
	Version     string        `json:"version"` // of Leaven, at the last write
	Instance    Instance      `json:"instance"`
	Provisional string        `json:"provisional_id,omitempty"`   // by which it went until the metadata service could be asked
	MachineID   string        `json:"machine_id_hash,omitempty"`  // hashed: machine-id(5) asks to keep it from strangers
	UUID        string        `json:"system_uuid_hash,omitempty"` // hashed: the kernel shows it to root only
	Stages      []StageRecord `json:"stages"`
	Steps       []StepRecord  `json:"steps"`
}

// expect lists the steps of a stage that were never run, so that whoever looks sees what is to come, in order.
func (s *State) expect(stage Stage, steps []Step) {
	for _, step := range steps {
		if _, there := s.step(step.ID); !there {
			s.putStep(StepRecord{ID: step.ID, Stage: stage, Title: step.Title, Policy: step.Policy, Result: Waiting})
		}
	}
}

// A StageRecord is the last run of a stage.
type StageRecord struct {
	Stage   Stage     `json:"stage"`
	Boot    string    `json:"boot"` // the kernel's id of that boot
	PID     int       `json:"pid"`
	Started time.Time `json:"started"`
	Uptime  float64   `json:"uptime"` // at its start, in seconds since the kernel started
	Ended   time.Time `json:"ended,omitzero"`
	Seconds float64   `json:"seconds"`
	Result  Result    `json:"result"`
	CutOff  int       `json:"cut_off,omitempty"` // how many runs before this one, in this boot, came to no end: they crashed or were killed
	Message string    `json:"message,omitempty"` // what went wrong outside of the steps
	Cure    string    `json:"cure,omitempty"`
}

// A StepRecord is what is known of a step. Started without Ended is a step that was cut off; Done is when it was first found
// or made so, and stays.
type StepRecord struct {
	ID      string    `json:"id"`
	Stage   Stage     `json:"stage"`
	Title   string    `json:"title"`
	Policy  Policy    `json:"policy"`
	Boot    string    `json:"boot"` // of the last look at it
	Result  Result    `json:"result"`
	Started time.Time `json:"started,omitzero"`
	Ended   time.Time `json:"ended,omitzero"`
	Done    time.Time `json:"done,omitzero"`
	Seconds float64   `json:"seconds"` // that the last apply took, with its checks
	Uptime  float64   `json:"uptime"`  // when the last look at it began, in seconds since the kernel of that boot started
	Look    float64   `json:"look"`    // seconds that the last look took, with what followed from it
	Changed bool      `json:"changed"` // in the boot named above
	Message string    `json:"message,omitempty"`
	Cure    string    `json:"cure,omitempty"`
}

// step returns the record of a step, and false where there is none.
func (s *State) step(id string) (StepRecord, bool) {
	if i := slices.IndexFunc(s.Steps, func(r StepRecord) bool { return r.ID == id }); i >= 0 {
		return s.Steps[i], true
	}
	return StepRecord{}, false
}

func (s *State) putStep(r StepRecord) {
	if i := slices.IndexFunc(s.Steps, func(old StepRecord) bool { return old.ID == r.ID }); i >= 0 {
		s.Steps[i] = r
		return
	}
	s.Steps = append(s.Steps, r)
}

// anew makes the steps of a stage ones that nobody has looked at in this boot. A run in the same boot that came before judged them,
// and some may not be asked for any more.
func (s *State) anew(stage Stage) {
	for i := range s.Steps {
		if s.Steps[i].Stage == stage {
			s.Steps[i].Boot = ""
		}
	}
}

func (s *State) putStage(r StageRecord) {
	if i := slices.IndexFunc(s.Stages, func(old StageRecord) bool { return old.Stage == r.Stage }); i >= 0 {
		s.Stages[i] = r
		return
	}
	s.Stages = append(s.Stages, r)
}

// errCorrupt says that a state is there and makes no sense. State files are replaced in one step, so no power cut does this.
var errCorrupt = errors.New("is damaged")

// loadState reads the state file in a folder. A missing one is fs.ErrNotExist; the instance's name must fit the folder's.
func loadState(root *rootfs.Root, id string) (*State, error) {
	file := stateFile(id)
	data, err := root.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var s State
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("%s %w: %v", file, errCorrupt, err)
	}
	if s.Schema != stateSchema || s.Instance.ID != id {
		return nil, fmt.Errorf("%s %w: it is for instance %q with schema %q, not for %q with %q",
			file, errCorrupt, s.Instance.ID, s.Schema, id, stateSchema)
	}
	return &s, nil
}

// Where things lie.
const (
	stateDir    = "/var/lib/leaven"
	currentLink = stateDir + "/current" // leads to the folder of the instance that this machine last was
)

func instanceDir(id string) string { return stateDir + "/" + id }
func stateFile(id string) string   { return instanceDir(id) + "/state.json" }

// current returns the id of the instance that this machine last was, or "".
func current(root *rootfs.Root) (string, error) {
	id, err := root.Readlink(currentLink)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if !validID.MatchString(id) {
		return "", fmt.Errorf("%s leads to %q, which is no instance id", currentLink, id)
	}
	return id, nil
}
