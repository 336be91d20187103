package bake

import (
	"fmt"

	"github.com/leaven-dev/leaven/bake/report"
)

// The words of reports are those of package report, which a build machine reads that is not Linux. Rules are written with the
// same words, and whoever plans or audits handles findings all the time; so they are words of this package too.
type (
	Action   = report.Action
	Result   = report.Result
	Change   = report.Change
	State    = report.State
	Severity = report.Severity
	Finding  = report.Finding
)

// The actions.
const (
	Delete   = report.Delete
	Truncate = report.Truncate
	Empty    = report.Empty
	Reset    = report.Reset
	Edit     = report.Edit
	Wipe     = report.Wipe
	Report   = report.Report
	Run      = report.Run
)

// The results that a change can have.
const (
	Planned = report.Planned
	Done    = report.Done
	Failed  = report.Failed
	Refused = report.Refused
)

// The states of a finding, and the severities.
const (
	Dirty   = report.Dirty
	Pending = report.Pending
	Unknown = report.Unknown

	Error   = report.Error
	Warning = report.Warning
)

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
