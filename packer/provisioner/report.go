package provisioner

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/leaven-dev/leaven/bake/report"
	"github.com/leaven-dev/leaven/bake/wire"
)

// A Report is what a build leaves on the build machine as proof, for other programs. docs/packer-report.schema.json describes
// it. No field holds a password or what the far side wrote beside its records, and what the records say is censored.
type Report struct {
	Schema    string        `json:"schema"` // "leaven/packer/1"
	Version   string        `json:"version"`
	Packer    string        `json:"packer"`  // Packer's version
	Build     string        `json:"build"`   // the name that Packer gave the build
	Builder   string        `json:"builder"` // its type
	Arch      string        `json:"arch"`    // as the machine calls it
	Agent     string        `json:"agent"`   // sha256 of the agent that ran
	Started   time.Time     `json:"started"`
	Finished  time.Time     `json:"finished"`
	Sealed    bool          `json:"sealed"`
	Error     string        `json:"error,omitempty"` // why it is not sealed
	LastStage bool          `json:"last_stage"`      // armed: the image is sealed for good at its shutdown
	Settings  *SettingsFile `json:"settings,omitempty"`
	Accepted  []Accepted    `json:"accepted"` // the template's allow list
	Runs      []*Run        `json:"runs"`
}

// A SettingsFile is the bake.yaml that was used in place of the image's own.
type SettingsFile struct {
	Path   string `json:"path"` // on the build machine
	SHA256 string `json:"sha256"`
}

// Accepted is an entry of the template's allow list.
type Accepted struct {
	Rule string `json:"rule,omitempty"`
	Path string `json:"path,omitempty"`
	Hash string `json:"hash,omitempty"`
	Why  string `json:"why,omitempty"`
}

// A Run is one run of the agent.
type Run struct {
	Command   string           `json:"command"`
	Flags     []string         `json:"flags"` // besides those that every run has
	Exit      *int             `json:"exit"`  // null when nobody can tell
	Error     string           `json:"error,omitempty"`
	Seconds   float64          `json:"seconds"`
	Catalogue string           `json:"catalogue,omitempty"` // digest of the rules; seal.json in the image has it too
	Changes   []report.Change  `json:"changes"`
	Findings  []report.Finding `json:"findings"`
	Notes     []string         `json:"notes"`
}

func newReport(version string, c *Config) *Report {
	r := &Report{
		Schema: "leaven/packer/1", Version: version, Packer: c.PackerCoreVersion, Build: c.PackerBuildName, Builder: c.PackerBuilderType,
		Started: time.Now().UTC(), Accepted: []Accepted{}, Runs: []*Run{},
	}
	if c.settingsText != nil {
		r.Settings = &SettingsFile{Path: c.Settings, SHA256: fmt.Sprintf("%x", sha256.Sum256(c.settingsText))}
	}
	for _, a := range c.Allow {
		r.Accepted = append(r.Accepted, Accepted(a))
	}
	return r
}

func newRun(s step) *Run {
	return &Run{Command: s.command, Flags: append([]string{}, s.flags...), Changes: []report.Change{}, Findings: []report.Finding{}, Notes: []string{}}
}

func (r *Run) add(rec wire.Record) {
	switch {
	case rec.Change != nil:
		r.Changes = append(r.Changes, *rec.Change)
	case rec.Finding != nil:
		r.Findings = append(r.Findings, *rec.Finding)
	case rec.Note != "":
		r.Notes = append(r.Notes, rec.Note)
	}
}

// writable tells early that the report will have no place: sealing cannot be undone.
func writable(path string) error {
	if path == "" {
		return nil
	}
	switch info, err := os.Stat(filepath.Dir(path)); {
	case err != nil:
		return fmt.Errorf("report: its folder is not there: %w", err)
	case !info.IsDir():
		return fmt.Errorf("report: %s is not a folder", filepath.Dir(path))
	}
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("report: %s is there and is not a plain file (%v)", path, info.Mode().Type()&fs.ModeType)
	}
	return nil
}

// write replaces path in one step; before that the old report stands, or none.
func (r *Report) write(path string) (err error) {
	content, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("cannot write report %s: %w", path, err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".leaven-report-") // born with mode 0600
	if err != nil {
		return fmt.Errorf("cannot write report %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
			err = fmt.Errorf("cannot write report %s: %w", path, err)
		}
	}()
	if _, err := f.Write(append(content, '\n')); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
