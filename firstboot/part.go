package firstboot

import (
	"context"

	"github.com/leaven-dev/leaven/firstboot/config"
	"github.com/leaven-dev/leaven/internal/rootfs"
	"github.com/leaven-dev/leaven/internal/schema"
)

// A Part is what a plugin adds to first boot. The functions that are nil add nothing.
type Part struct {
	Section schema.Section   // its own keys in the configuration; Into is nil where there are none
	Steps   func(Env) []Step // with network, after the instance's identity
	Probes  func(Env) []Probe
	Leave   func(Env) []Step // when EC2 takes the instance away, before its lifecycle hook is completed
}

// Env is what a plugin's steps may know. The plugin's own section has been read by then.
type Env struct {
	Root     *rootfs.Root
	Live     bool // the tree is this system: programs may be started
	Instance Instance
	Config   *config.Loaded
}

// Given tells whether any layer of the configuration has a section.
func (e Env) Given(section string) bool {
	_, ok := e.Config.Place(section)
	return ok
}

// A Probe looks whether a service of this instance works, as its clients would see it.
type Probe struct {
	Name string
	Run  func(context.Context) error
}
