package provisioner

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
)

// unknown is what `packer validate` puts for a string that only a running build can know.
const unknown = "<unknown>"

// name is what profiles and rules are called. A word that begins with a dash would be read as a flag.
var name = regexp.MustCompile(`^[a-z0-9][a-z0-9._/-]*$`)

// validate names every setting that is wrong. Values that are still unknown pass.
func (c *Config) validate() error {
	var all *packersdk.MultiError
	check := func(setting string, err error) {
		if err != nil {
			all = packersdk.MultiErrorAppend(all, fmt.Errorf("%s: %w", setting, err))
		}
	}
	if c.Profile != "" {
		check("profile", each([]string{c.Profile}, validName))
	}
	check("only_rules", each(c.OnlyRules, validName))
	check("skip_rules", each(c.SkipRules, validName))
	for _, rule := range c.SkipRules {
		if rule != unknown && slices.Contains(c.OnlyRules, rule) {
			check("skip_rules", fmt.Errorf("%q is in only_rules too", rule))
		}
	}
	check("keep_paths", each(c.KeepPaths, validPath))
	if c.StagingDirectory != "" {
		check("staging_directory", each([]string{c.StagingDirectory}, validPath))
	}
	check("deadline", validDeadline(c.Deadline))
	check("report", validReport(c.Report))
	if strings.ContainsAny(c.SudoPassword, "\n\r\x00") {
		check("sudo_password", errors.New("holds a line break, so sudo cannot read it as one line"))
	}
	if c.Strict && c.Audit.False() {
		check("strict", errors.New("makes warnings of the audit fail the build, and audit is false"))
	}
	if all != nil {
		return all
	}
	return nil
}

// each checks every value that is known.
func each(values []string, valid func(string) error) error {
	for _, value := range values {
		if value == unknown {
			continue
		}
		if err := valid(value); err != nil {
			return err
		}
	}
	return nil
}

func validName(value string) error {
	if !name.MatchString(value) {
		return fmt.Errorf("%q is no name: lower-case letters, digits, '.', '_', '/' and '-', and no '-' first", value)
	}
	return nil
}

// validPath takes paths of the far side, which is Linux whatever the build machine is.
func validPath(value string) error {
	switch {
	case !path.IsAbs(value):
		return fmt.Errorf("%q is not an absolute path", value)
	case path.Clean(value) == "/":
		return fmt.Errorf("%q is the whole image", value)
	case path.Clean(value) != strings.TrimSuffix(value, "/"):
		return fmt.Errorf("%q is not a plain path: write %q", value, path.Clean(value))
	case strings.ContainsAny(value, "\n\r\x00"):
		return fmt.Errorf("%q holds a line break", value)
	}
	return nil
}

func validDeadline(value string) error {
	if value == "" || value == unknown {
		return nil
	}
	d, err := time.ParseDuration(value)
	if err != nil {
		return fmt.Errorf(`%q is no duration such as "90s" or "10m"`, value)
	}
	if d < time.Second {
		return fmt.Errorf("%v is too short: at least 1s", d)
	}
	return nil
}

// validReport cannot ask for the folder yet: the build may make it.
func validReport(value string) error {
	if value != "" && (strings.HasSuffix(value, "/") || strings.HasSuffix(value, string(filepath.Separator)) || filepath.Base(value) == "." || filepath.Base(value) == "..") {
		return fmt.Errorf("%q names a folder, not a file", value)
	}
	return nil
}

// known names a setting that is unknown still, which nothing may be once the build runs.
func (c *Config) known() error {
	for setting, values := range map[string][]string{
		"profile": {c.Profile}, "only_rules": c.OnlyRules, "skip_rules": c.SkipRules, "keep_paths": c.KeepPaths,
		"sudo_password": {c.SudoPassword}, "staging_directory": {c.StagingDirectory}, "deadline": {c.Deadline}, "report": {c.Report},
	} {
		if slices.Contains(values, unknown) {
			return fmt.Errorf("%s: its value is not known although the build runs", setting)
		}
	}
	return nil
}
