// Package journal sends lines to systemd's journal together with what they are about, so that programs need not parse them:
//
//	journalctl LEAVEN_RESULT=failed
//	journalctl LEAVEN_STEP=host-keys -o json
//	journalctl MESSAGE_ID=eb0174c2e42c48f49ffb5bc3da3791c0      every step that ended
//	journalctl MESSAGE_ID=d4c995aff9cb47d1a942d03a3900100e      every verdict
//	journalctl -p warning -t leaven
//
// The fields are LEAVEN_STAGE, LEAVEN_STEP, LEAVEN_RESULT (ok, degraded, failed, blocked), LEAVEN_SECONDS and LEAVEN_INSTANCE, each
// left out where it has no value. PRIORITY is 6 (info), 4 (warning: the instance is degraded by it) or 3 (error: it fails by it).
//
// Not for a program that runs in a terminal or in a pipe: Available is false there, and lines belong on standard output. Everybody
// in group adm or systemd-journal reads the journal: no secrets.
package journal

import (
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/coreos/go-systemd/v22/journal"
)

// The MESSAGE_IDs. They stay as they are for ever: people search for them.
const (
	StepEnded = "eb0174c2e42c48f49ffb5bc3da3791c0"
	Verdict   = "d4c995aff9cb47d1a942d03a3900100e"
)

// Level is how much a line matters (the severities of syslog(3)).
type Level int

// The levels.
const (
	Info Level = iota
	Warning
	Error
)

// Entry is a line of the journal. Only Message must be set.
type Entry struct {
	ID       string // StepEnded, Verdict or ""
	Level    Level
	Message  string
	Stage    string
	Step     string
	Result   string
	Seconds  float64 // that it took
	Instance string
	Output   bool // a line that a command of the user printed: it may be secret, and is for the journal alone
}

// Available tells whether standard output leads to the journal ($JOURNAL_STREAM in systemd.exec(5)), so that what is sent lands
// where what is printed would.
func Available() bool {
	ours, err := journal.StdoutIsJournalStream()
	return ours && err == nil && journal.Enabled()
}

// Send adds an entry. Where it fails, the caller still has standard output.
func Send(e Entry) error {
	priority := map[Level]journal.Priority{Info: journal.PriInfo, Warning: journal.PriWarning, Error: journal.PriErr}[e.Level]
	if err := journal.Send(e.Message, priority, fields(e)); err != nil {
		return fmt.Errorf("cannot write to the journal: %w", err)
	}
	return nil
}

func fields(e Entry) map[string]string {
	all := map[string]string{
		"SYSLOG_IDENTIFIER": "leaven",
		"SYSLOG_PID":        strconv.Itoa(os.Getpid()),
		"MESSAGE_ID":        e.ID,
		"LEAVEN_STAGE":      e.Stage,
		"LEAVEN_STEP":       e.Step,
		"LEAVEN_RESULT":     e.Result,
		"LEAVEN_INSTANCE":   e.Instance,
	}
	// The journal finds out by itself which unit a process belongs to, except for what one sends in its last moments: it is gone
	// when the journal looks (systemd issue 2913). With this, `journalctl -u` shows the entry anyway, as one about the unit, if
	// the sender is root.
	if text, err := os.ReadFile("/proc/self/cgroup"); err == nil {
		all["OBJECT_SYSTEMD_UNIT"] = service(string(text))
	}
	if e.Seconds > 0 {
		all["LEAVEN_SECONDS"] = strconv.FormatFloat(e.Seconds, 'f', -1, 64)
	}
	for name, value := range all {
		if value == "" {
			delete(all, name)
		}
	}
	return all
}

// service is the unit of a process by its control group (cgroups(7)), or "" for one that no service has started.
func service(cgroup string) string {
	for line := range strings.Lines(cgroup) {
		_, where, _ := strings.Cut(strings.TrimSpace(line), ":")
		name, group, _ := strings.Cut(where, ":")
		if unit := path.Base(group); (name == "" || name == "name=systemd") && strings.HasSuffix(unit, ".service") {
			return unit
		}
	}
	return ""
}
