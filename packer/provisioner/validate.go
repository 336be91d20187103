package provisioner

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
)

// unknown is what `packer validate` puts for a string that only a running build can know.
const unknown = "<unknown>"

// validate names every setting that is wrong. Values that are still unknown pass.
func (c *Config) validate() error {
	var all *packersdk.MultiError
	check := func(setting string, err error) {
		if err != nil {
			all = packersdk.MultiErrorAppend(all, fmt.Errorf("%s: %w", setting, err))
		}
	}
	c.checkNames(check)
	c.checkPurpose(check)
	check("keep_paths", each(c.KeepPaths, validPath))
	check("cross_mounts", each(c.CrossMounts, validPath))
	if c.StagingDirectory != "" {
		check("staging_directory", each([]string{c.StagingDirectory}, validPath))
	}
	check("deadline", validDeadline(c.Deadline))
	check("report", validReport(c.Report))
	if strings.ContainsAny(c.SudoPassword, "\n\r\x00") {
		check("sudo_password", errors.New("holds a line break, so sudo cannot read it as one line"))
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

// resolved names a setting that is unknown still, which nothing may be once the build runs.
func (c *Config) resolved() error {
	values := map[string][]string{
		"profile": {c.Profile}, "only_rules": c.OnlyRules, "skip_rules": c.SkipRules, "vendor_rules": c.VendorRules,
		"keep_paths": c.KeepPaths, "cross_mounts": c.CrossMounts, "config": {c.Settings}, "mounts": {c.Mounts}, "baseline": {c.Baseline},
		"sudo_password": {c.SudoPassword}, "staging_directory": {c.StagingDirectory}, "deadline": {c.Deadline}, "report": {c.Report},
	}
	for id, to := range c.Rules {
		values["rules"] = append(values["rules"], id, to)
	}
	for _, a := range c.Allow {
		values["allow"] = append(values["allow"], a.Rule, a.Path, a.Hash, a.Why)
	}
	for _, setting := range slices.Sorted(maps.Keys(values)) {
		if slices.Contains(values[setting], unknown) {
			return fmt.Errorf("%s: its value is not known although the build runs", setting)
		}
	}
	return nil
}
