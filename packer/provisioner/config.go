package provisioner

import (
	"time"

	"github.com/hashicorp/packer-plugin-sdk/common"
	"github.com/hashicorp/packer-plugin-sdk/template/config"
)

//go:generate go tool -modfile=../../tools.mod packer-sdc mapstructure-to-hcl2 -type Config

// Config is what a template can set. Packer owns the names timeout, pause_before, max_retries, override, only, except and
// continue_on_error; a field of that name would never be filled.
type Config struct {
	common.PackerConfig `mapstructure:",squash"`

	Profile   string   `mapstructure:"profile"`    // what kind of image this is; empty is the agent's default
	OnlyRules []string `mapstructure:"only_rules"` // run no rules but these
	SkipRules []string `mapstructure:"skip_rules"`
	KeepPaths []string `mapstructure:"keep_paths"` // leave these in the image, whatever rule matches them

	Install   config.Trilean `mapstructure:"install"`    // unset is true: put leaven and its units into the image
	LastStage config.Trilean `mapstructure:"last_stage"` // unset is true: arm the stage that runs at shutdown; false: do all now
	Audit     config.Trilean `mapstructure:"audit"`      // unset is true: look again when all is sealed
	Strict    bool           `mapstructure:"strict"`     // warnings fail the build too

	SudoPassword     string `mapstructure:"sudo_password"`
	StagingDirectory string `mapstructure:"staging_directory"`
	// A string, because `packer validate` fills in "<unknown>" for what only the build will know, and that is no duration.
	Deadline string `mapstructure:"deadline"`
	Report   string `mapstructure:"report"` // a file on the build machine
}

// defaultDeadline bounds one run of the agent. Sealing takes seconds; an audit of a full disk on a slow machine, minutes.
const defaultDeadline = 10 * time.Minute

// deadline is what each run of the agent may take. The string is valid or unknown.
func (c *Config) deadline() time.Duration {
	if c.Deadline == "" {
		return defaultDeadline
	}
	d, _ := time.ParseDuration(c.Deadline)
	return d
}
