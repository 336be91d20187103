// Package plugins says what a plugin is: all that Leaven knows of one piece of software. Each has a folder here, and
// plugins/all lists them.
package plugins

import "github.com/leaven-dev/leaven/bake"

// Plugin is one piece of software.
type Plugin interface {
	Name() string
	Rules() []bake.Rule // what the software leaves behind in an image
}
