package report

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
	Path     string   `json:"path"`           // as seen inside the root; what is not printable ASCII is written \xNN
	Line     int      `json:"line,omitempty"` // from 1, where there is one
	Severity Severity `json:"severity"`
	State    State    `json:"state"`
	Message  string   `json:"message"`
	Fix      string   `json:"fix"`
	Hash     string   `json:"hash,omitempty"` // salted; for allow lists
}
