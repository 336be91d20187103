package firstboot

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/leaven-dev/leaven/firstboot/config"
	"github.com/leaven-dev/leaven/internal/nearest"
	"github.com/leaven-dev/leaven/internal/rootfs"
	"github.com/leaven-dev/leaven/internal/strictyaml"
)

// CheckOrder tells what is wrong with the steps that a configuration asks for, taken together: names that are taken, steps that
// come after others that do not exist, or after one another. Parts are those whose sections were read with it.
func CheckOrder(root *rootfs.Root, loaded *config.Loaded, parts []Part) error {
	p := &provision{agent: &Agent{Root: root}, book: &book{}, dry: true}
	p.ground()
	p.config, p.parts = loaded, parts
	return p.ordered()
}

// ordered looks whether the steps have an order. Everything that is wrong with names comes at once, with its place.
func (p *provision) ordered() error {
	steps := p.work()
	known := append(ids(steps), slices.Collect(maps.Keys(p.first))...)
	var errs []error
	fail := func(i int, key, format string, args ...any) {
		place, _ := p.config.Place(fmt.Sprintf("run[%d].%s", i, key))
		errs = append(errs, strictyaml.Fault{Place: place, Message: fmt.Sprintf(format, args...)})
	}
	for i, r := range p.config.Run {
		if slices.Contains(ownSteps, r.Name) {
			fail(i, "name", "Leaven has a step %q of its own: give this one another name", r.Name)
		}
		for n, id := range r.After {
			if !slices.Contains(known, id) {
				fail(i, fmt.Sprintf("after[%d]", n), "step %q comes after %q, which does not exist%s", r.Name, id, nearest.Hint(id, known))
			}
		}
	}
	if errs == nil {
		_, err := order(steps, p.first)
		return err
	}
	return errors.Join(errs...)
}

// ownSteps are names that steps of the configuration must not have, whether or not the steps that have them are part of this run:
// a step's record goes by its name. The names of plugins' steps and of volumes' are not here; order finds those.
var ownSteps = []string{
	"instance-id", "early-config", "image-seal", "host-name", "machine-id", "host-keys", "sshd-config", "console-keys", "selinux-labels",
	"identity", "network", "metadata", "user-data", "config", "configured-host-name", "rsa-host-key", "ssh-certificates",
	"signal-lifecycle-hook", "signal-tag", "signal-command",
}
