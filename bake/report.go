package bake

import "fmt"

// Result says what became of a change.
type Result string

// The results that a change can have.
const (
	Planned Result = "planned" // dry run: would be done
	Done    Result = "done"
	Failed  Result = "failed"  // could not be done; Message says why
	Refused Result = "refused" // left in place on purpose; Message says why and what to do
)

// A Change is one thing that baking did, or would do.
type Change struct {
	Rule    string `json:"rule"`
	Path    string `json:"path"`   // as seen inside the root, written by Quote
	Action  Action `json:"action"` // what was done to the path
	Bytes   int64  `json:"bytes"`  // content that is gone, in bytes; 0 where only names or modes changed
	Result  Result `json:"result"`
	Message string `json:"message,omitempty"`
}

// State says how sure a finding is and whose turn it is.
type State string

// The states of a finding.
const (
	Dirty   State = "dirty"   // is there and must go
	Pending State = "pending" // is there because the build still needs it; the last stage takes it at shutdown
	Unknown State = "unknown" // could not be looked at; never counts as clean
)

// Severity says what a finding does to the verdict.
type Severity string

// The severities.
const (
	Error   Severity = "error"   // the image must not be used so
	Warning Severity = "warning" // worth a decision; fails only where warnings are asked to
)

// A Finding is something that an audit found. It never holds a secret itself.
type Finding struct {
	Rule     string   `json:"rule"`
	Path     string   `json:"path"`           // as seen inside the root, written by Quote
	Line     int      `json:"line,omitempty"` // from 1, where there is one
	Severity Severity `json:"severity"`
	State    State    `json:"state"`
	Message  string   `json:"message"`
	Fix      string   `json:"fix"`
	Hash     string   `json:"hash,omitempty"` // salted; for allow lists
}

// BakeReport is what `leaven bake --output json` prints.
type BakeReport struct {
	Schema  string    `json:"schema"` // "leaven/bake/1"
	Version string    `json:"version"`
	Root    string    `json:"root"`
	Stage   Stage     `json:"stage"`
	Profile string    `json:"profile"`
	DryRun  bool      `json:"dry_run"`
	Changes []Change  `json:"changes"`
	Unknown []Finding `json:"unknown"` // what could not be looked at
	Notes   []string  `json:"notes"`
}

// AuditReport is what `leaven audit --output json` prints.
type AuditReport struct {
	Schema   string    `json:"schema"` // "leaven/audit/1"
	Version  string    `json:"version"`
	Root     string    `json:"root"`
	Profile  string    `json:"profile"`
	Findings []Finding `json:"findings"`
	Notes    []string  `json:"notes"` // what the audit rests on, such as checksums that lie in the image
}

// Quote writes a path so that it fits one line and any encoding: bytes that are not printable ASCII, and backslashes,
// become \xNN. Names that differ stay different.
func Quote(path string) string {
	plain := true
	for i := 0; i < len(path); i++ {
		plain = plain && printable(path[i])
	}
	if plain {
		return path
	}
	var out []byte
	for i := 0; i < len(path); i++ {
		if printable(path[i]) {
			out = append(out, path[i])
		} else {
			out = fmt.Appendf(out, `\x%02x`, path[i])
		}
	}
	return string(out)
}

func printable(b byte) bool { return b >= ' ' && b <= '~' && b != '\\' }
