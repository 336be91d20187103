package provisioner

import (
	"errors"
	"fmt"

	"github.com/hashicorp/packer-plugin-sdk/template/config"
)

// checkPurpose names the settings that could not do anything beside the others. Whoever sets one relies on it.
func (c *Config) checkPurpose(check func(setting string, err error)) {
	set := func(t config.Trilean) bool { return t != config.TriUnset }
	sealing := []settingIs{
		{"profile", c.Profile != ""}, {"only_rules", len(c.OnlyRules) > 0}, {"skip_rules", len(c.SkipRules) > 0}, {"rules", len(c.Rules) > 0},
		{"keep_paths", len(c.KeepPaths) > 0}, {"mounts", c.Mounts != ""}, {"install", set(c.Install)}, {"last_stage", set(c.LastStage)},
		{"overwrite", c.Overwrite}, {"mkswap", c.Mkswap}, {"zero_free", c.ZeroFree}, {"audit", set(c.Audit)}, {"report", c.Report != ""},
	}
	auditing := []settingIs{
		{"full", c.Full}, {"strict", c.Strict}, {"allow", len(c.Allow) > 0}, {"baseline", c.Baseline == useBaseline},
	}
	switch c.Baseline {
	case takeBaseline:
		for _, s := range append(sealing, auditing...) {
			if s.set {
				check(s.name, fmt.Errorf("has no place beside baseline = %q, which seals nothing: set it in the block that seals", takeBaseline))
			}
		}
	case useBaseline:
		if c.LastStage.False() {
			check("baseline", errors.New("the last stage takes it out of the image again, and last_stage is false"))
		}
	case "", unknown:
	default:
		check("baseline", fmt.Errorf("%q: write %q in a block at the build's start, and %q in the block that seals", c.Baseline, takeBaseline, useBaseline))
	}
	if c.Audit.False() {
		for _, s := range auditing {
			if s.set {
				check(s.name, errors.New("is about the audit, and audit is false"))
			}
		}
	}
}

// settingIs tells whether a setting was written down.
type settingIs struct {
	name string
	set  bool
}
