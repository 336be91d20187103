// Package version turns the version of a build into what Packer accepts as a plugin's version.
package version

import (
	"regexp"

	"github.com/hashicorp/packer-plugin-sdk/version"
)

// next is the release that builds without a version lead to.
const next = "0.1.0"

var release = regexp.MustCompile(`^v?(\d+\.\d+\.\d+)(.*)$`)

// Plugin is what the plugin tells Packer. `packer plugins install --path` takes releases and the pre-release "dev", and
// refuses any other; so whatever comes after the three numbers, as in `git describe`, becomes "dev".
func Plugin(build string) *version.PluginVersion {
	number, rest := next, "dev"
	if m := release.FindStringSubmatch(build); m != nil {
		number, rest = m[1], m[2]
	}
	if rest != "" {
		rest = "dev"
	}
	return version.NewPluginVersion(number, rest, "")
}
