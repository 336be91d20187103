// Package plugins says what a plugin is: all that Leaven knows of one piece of software. Each has a folder here, and
// plugins/all lists them.
package plugins

import (
	"github.com/leaven-dev/leaven/bake"
	"github.com/leaven-dev/leaven/firstboot"
)

// Plugin is one piece of software.
type Plugin interface {
	Name() string
	Rules() []bake.Rule // what the software leaves behind in an image
}

// Booter is a plugin whose software needs something at first boot.
type Booter interface {
	Plugin
	FirstBoot() firstboot.Part // anew at each call: the configuration is read into it
}
