package provisioner

import (
	"time"

	"github.com/hashicorp/packer-plugin-sdk/common"
	"github.com/hashicorp/packer-plugin-sdk/template/config"
)

//go:generate go tool -modfile=../../tools.mod packer-sdc mapstructure-to-hcl2 -type Config,Allow

// Config is what a template can set. Packer owns the names timeout, pause_before, max_retries, override, only, except and
// continue_on_error; a field of that name would never be filled.
type Config struct {
	common.PackerConfig `mapstructure:",squash"`

	Profile     string            `mapstructure:"profile"`      // what kind of image this is; empty is the agent's default
	OnlyRules   []string          `mapstructure:"only_rules"`   // run no rules but these
	SkipRules   []string          `mapstructure:"skip_rules"`   // leave alone what these find
	Rules       map[string]string `mapstructure:"rules"`        // switches single rules: on, off or audit
	VendorRules []string          `mapstructure:"vendor_rules"` // rules of the image's own, which the plugin cannot know
	KeepPaths   []string          `mapstructure:"keep_paths"`   // leave these in the image, whatever rule matches them
	CrossMounts []string          `mapstructure:"cross_mounts"` // mount points that are part of the image
	Settings    string            `mapstructure:"config"`       // a bake.yaml on the build machine, in place of the image's

	Mounts string `mapstructure:"mounts"` // a file on the build machine: mounts and volumes whose lines go into the image's fstab

	Baseline string `mapstructure:"baseline"` // empty, take or use

	Install   config.Trilean `mapstructure:"install"`    // unset is true: put leaven and its units into the image
	LastStage config.Trilean `mapstructure:"last_stage"` // unset is true: arm the stage that runs at shutdown; false: do all now
	Overwrite bool           `mapstructure:"overwrite"`  // credentials, before they are removed
	Mkswap    bool           `mapstructure:"mkswap"`     // zeros over swap files
	ZeroFree  bool           `mapstructure:"zero_free"`  // zeros over what is free on the disks

	Audit  config.Trilean `mapstructure:"audit"`  // unset is true: look again when all is sealed
	Full   bool           `mapstructure:"full"`   // search packages' own files for secrets too
	Strict bool           `mapstructure:"strict"` // warnings fail the build too
	Allow  []Allow        `mapstructure:"allow"`  // findings that are accepted

	SudoPassword     string `mapstructure:"sudo_password"`
	StagingDirectory string `mapstructure:"staging_directory"`
	// A string, because `packer validate` fills in "<unknown>" for what only the build will know, and that is no duration.
	Deadline string `mapstructure:"deadline"`
	Report   string `mapstructure:"report"` // a file on the build machine

	settingsText []byte // what the file that Settings names held; nil where none was read
	mountsText   []byte // the same of Mounts
}

// Allow is a block that accepts findings. What is set of rule, path and hash must all fit.
type Allow struct {
	Rule string `mapstructure:"rule"`
	Path string `mapstructure:"path"` // pattern, for the path or a folder that it lies in
	Hash string `mapstructure:"hash"` // of a secret; needs a salt in bake.yaml
	Why  string `mapstructure:"why"`  // for people
}

// What baseline can be set to.
const (
	takeBaseline = "take" // remember what the image holds, and seal nothing: for a block at the build's start
	useBaseline  = "use"  // search what changed since
)

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
