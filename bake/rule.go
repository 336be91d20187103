package bake

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"
)

// Default says what happens with a rule that nobody chose.
type Default string

// The defaults.
const (
	On        Default = "on"    // bake acts on it, the audit looks for it
	Off       Default = "off"   // only when it is asked for by name
	AuditOnly Default = "audit" // bake leaves it alone unless it is asked for by name; the audit reports it as a warning
)

// A Rule says what must go from an image and how. It is data: the catalogue, vendors' files and documentation all use it.
type Rule struct {
	ID     string // short, lower case, with dashes; what --skip and --only take
	Group  string // the software or the kind of thing that it is about; only for documentation
	Title  string // a few words for people
	Why    string // what happens when it stays: one sentence
	Source string // where the fact comes from: man page, RFC, issue, another tool's list

	// Where are patterns of absolute paths: "*" and "?" within one name, "**" for any number of folders, "{a,b}" for
	// alternatives, "~" at the beginning for every home directory. A link that a pattern names outright is followed on the
	// way; what it finds last, and what a wildcard finds, is not.
	Where []string
	// Named are further places, which configuration files of the image name.
	Named []Reference
	// Except are patterns that are left alone with all that is below them.
	Except []string
	// Busy are patterns that a run for the stage live leaves to the last stage: programs that still run need them.
	Busy []string
	// When limits the rule to trees in which one of these patterns finds something; empty means everywhere.
	When []string
	// Unless keeps the rule away from trees in which one of these patterns finds something.
	Unless []string
	// Files limits the rule to files and links to them: a folder of a matching name is something else.
	Files bool
	// Holds limits the rule to files in whose first megabyte this regular expression (RE2) finds something.
	Holds string
	// Unowned leaves alone what an installed package brought along.
	Unowned bool

	Action Action
	Stage  Stage // Live by default
	// Held says that the build itself still needs the thing, to get in or to finish. A run for the stage live leaves it to
	// the last stage, where one will run. Every other run takes it after all else. Only for rules of the stage shutdown.
	Held    bool
	Default Default
	// Severity of what an audit finds. Error by default, Warning for AuditOnly rules.
	Severity Severity

	// MadeAgain says in words what makes the thing again, or that nothing needs it.
	MadeAgain string
	// Makers are what can make the thing again. Where a rule lists some and the tree has none of them, the thing stays and
	// that is a finding: an image without it would not work.
	Makers []Maker

	Reset *Content // for the action reset
	Edit  *Lines   // for the action edit

	// Before are commands that make a running writer let go, such as ["journalctl", "--relinquish-var"]. They run only on
	// the live system, only when there is something to do, and only where the program exists. Units that systemctl is to
	// stop are written with a wildcard: then it is no error that there are none. What a build may come in through (an agent
	// for sessions, a private network) is not stopped; its rule has the stage shutdown instead.
	Before [][]string
	// Scripts are patterns of programs in the image that want to run when the rule has done something. They run only on the
	// live system: a program of an image that is not running would run on the wrong one.
	Scripts []string

	// Secret marks content that is worth overwriting before it is unlinked.
	Secret bool
}

// A Maker is something in the image that makes a deleted thing again.
type Maker struct {
	Name   string
	Where  string // pattern; present when it finds something
	Holds  string // regular expression (RE2) that must find something in the file as well
	Unless string // pattern; absent after all when this finds something
}

// Content is what the action reset gives a file.
type Content struct {
	Text   string
	Mode   uint32 // permission bits; 0 leaves the mode as it is
	Create bool   // make the file where it is missing
	// LinkTo makes the path a link to this target instead of a file, where the target exists.
	LinkTo string
}

// Lines is what the action edit does with each line that Match finds: drop it, or replace what was found.
type Lines struct {
	Match string // regular expression (RE2)
	With  string // replacement, with $1 … for groups
	Drop  bool
	Whole bool // Match is for the whole text, not for one line at a time, and "^" and "$" find the ends of its lines
}

// A Reference is a place that configuration names. In are patterns of files; Match is a regular expression (RE2) whose first
// group is the place, or several with blanks between them. In them "~", "$HOME", "${HOME}" and "%h" are a home directory, "%u"
// is any user, and what is not absolute lies in every home. Only files are taken, never folders.
type Reference struct {
	In    []string `json:"in"`
	Match string   `json:"match"`
}

var ruleID = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// validate checks a rule by itself. Every fault is reported, each with the rule's id.
func (r *Rule) validate() error {
	var errs []error
	fault := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("rule %q: "+format, append([]any{r.ID}, args...)...))
	}
	if !ruleID.MatchString(r.ID) {
		fault("id must be lower-case words joined by dashes")
	}
	if r.Title == "" || r.Why == "" {
		fault("title and why must say something")
	}
	if len(r.Where) == 0 && len(r.Named) == 0 {
		fault("where is empty: the rule can find nothing")
	}
	for _, n := range r.Named {
		if match, err := regexp.Compile(n.Match); err != nil {
			fault("named: %w", err)
		} else if match.NumSubexp() < 1 {
			fault("named: %q has no group for the place", n.Match)
		}
	}
	if _, err := regexp.Compile(r.Holds); err != nil {
		fault("holds: %w", err)
	}
	switch r.Action {
	case Delete, Truncate, Empty, Wipe, Report:
	case Reset:
		if r.Reset == nil {
			fault("action reset needs the content to reset to")
		}
	case Edit:
		if r.Edit == nil {
			fault("action edit needs the lines to edit")
		} else if _, err := r.Edit.compile(); err != nil {
			fault("edit: %w", err)
		}
	default:
		fault("unknown action %q", r.Action)
	}
	switch r.Stage {
	case Live, Shutdown:
	default:
		fault("unknown stage %q: a rule's stage is live or shutdown", r.Stage)
	}
	if r.Held && r.Stage != Shutdown {
		fault("held is for rules of the stage shutdown: the last stage takes what is held")
	}
	switch r.Default {
	case On, Off, AuditOnly:
	default:
		fault("unknown default %q", r.Default)
	}
	for _, m := range r.Makers {
		if m.Name == "" {
			fault("a maker needs a name")
		}
		if _, err := regexp.Compile(m.Holds); err != nil {
			fault("maker %s: holds: %w", m.Name, err)
		}
	}
	return errors.Join(errs...)
}

// checkPattern refuses patterns that could never match or that would take the whole tree. Braces are expanded before.
func checkPattern(p string) error {
	if !strings.HasPrefix(p, "/") && !strings.HasPrefix(p, "~/") {
		return errors.New("must begin with / or ~/")
	}
	if clean := path.Clean(p); clean != p || strings.Contains(p, "/../") {
		return fmt.Errorf("is not a clean path: write %q", clean)
	}
	literal := 0
	for name := range strings.SplitSeq(strings.TrimPrefix(strings.TrimPrefix(p, "~"), "/"), "/") {
		if strings.Contains(name, "**") && name != "**" {
			return fmt.Errorf("has %q: \"**\" must stand alone between slashes", name)
		}
		if name != "" && !wild(name) {
			literal = 2
		} else {
			if _, err := path.Match(name, ""); err != nil {
				return fmt.Errorf("has a bad wildcard in %q", name)
			}
		}
		literal = max(literal, len(name)-strings.Count(name, "*")-strings.Count(name, "?"))
	}
	if literal < 2 { // "~/.*" and "/*" would take a home or the tree
		return errors.New("names nothing in particular: it would take everything")
	}
	return nil
}
