package config

import (
	"maps"
	"regexp"
	"slices"
	"time"

	"github.com/leaven-dev/leaven/internal/schema"
)

// Run is a command that first boot runs.
type Run struct {
	Name        string            `key:"name" doc:"the step's name: small letters, digits and dashes" is:"required,literal" pattern:"[a-z][a-z0-9-]{0,62}"`
	Command     schema.Command    `key:"command" doc:"a program with its arguments, as a list, or a text for /bin/sh" is:"required"`
	Unless      schema.Command    `key:"unless" doc:"ends with 0 where there is nothing to do, and must do so after the command"`
	Creates     string            `key:"creates" doc:"an absolute path: the command is not run where it exists, and must have made it" pattern:"/.*"`
	Always      bool              `key:"always" doc:"run at every boot, not once for an instance"`
	After       []string          `key:"after" doc:"steps that must be done before" is:"literal"`
	Network     bool              `key:"network" doc:"whether the command waits for the network" default:"true"`
	Policy      string            `key:"policy" doc:"what a failure means: required (the instance failed), degrade (something is wrong with it), ignore" oneof:"required,degrade,ignore" default:"required"`
	Deadline    time.Duration     `key:"deadline" doc:"how long it may take" is:"positive" default:"5m"`
	Environment map[string]string `key:"environment" doc:"variables for the command; they may be secret and are never shown" is:"secret"`
	User        string            `key:"user" doc:"who runs it; root without it" is:"literal" pattern:"[a-z_][a-z0-9_-]*\\$?"`
}

// variable is what the shell takes for the name of one.
var variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// Check wants one way at most to tell that there is nothing to do, and names that are some for variables.
func (r *Run) Check(fail func(key, format string, args ...any)) {
	ways := 0
	for _, way := range []bool{r.Unless.Given(), r.Creates != "", r.Always} {
		if way {
			ways++
		}
	}
	if ways > 1 {
		fail("", "run %q: unless, creates and always exclude one another", r.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Environment)) {
		if !variable.MatchString(name) {
			fail("environment", "%q is no name for a variable: want letters, digits and underscores", name)
		}
	}
}
