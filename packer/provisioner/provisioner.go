package provisioner

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/hcl/v2/hcldec"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"github.com/hashicorp/packer-plugin-sdk/template/config"

	"github.com/leaven-dev/leaven/packer/agent"
)

// Provisioner seals the machine.
type Provisioner struct {
	config  Config
	version string
	agents  agent.Set
}

var _ packersdk.Provisioner = &Provisioner{}

// New returns the provisioner of a plugin of this version. The agents must be of the same one.
func New(version string, agents agent.Set) *Provisioner {
	return &Provisioner{version: version, agents: agents}
}

// ConfigSpec tells Packer what a template can set.
func (p *Provisioner) ConfigSpec() hcldec.ObjectSpec { return p.config.FlatMapstructure().HCL2Spec() }

// Prepare reads and checks the settings. Packer calls it twice: before the build, when some values are not known yet, and in
// it, when they are.
func (p *Provisioner) Prepare(raws ...any) error {
	p.config = Config{}
	// Values are taken as they are. Interpolation is for Packer's old JSON templates; it would fail on a password that holds
	// "{{", and print it.
	if err := config.Decode(&p.config, &config.DecodeOpts{PluginType: "leaven"}, raws...); err != nil {
		return err
	}
	if p.config.SudoPassword != "" && p.config.SudoPassword != unknown {
		packersdk.LogSecretFilter.Set(p.config.SudoPassword)
	}
	return errors.Join(p.config.readFiles(), p.config.validate())
}

// Provision seals the machine, or says why it is not sealed.
func (p *Provisioner) Provision(ctx context.Context, ui packersdk.Ui, comm packersdk.Communicator, _ map[string]any) error {
	if err := errors.Join(p.config.resolved(), writable(p.config.Report)); err != nil {
		return fmt.Errorf("leaven: %w", err)
	}
	s := newSealing(p, ui, comm)
	err := s.file(s.settle(ctx, s.run(ctx)))
	if err == nil {
		return nil
	}
	s.show.noise(s.machine.Noise())
	if s.armed {
		err = fmt.Errorf("%w\nthe last stage may still be armed, and then seals the machine when it shuts down: `leaven bake --disarm` there takes it back", err)
	}
	outcome := "the image is not sealed"
	if p.config.Baseline == takeBaseline {
		outcome = "there is no baseline"
	}
	return errors.New(clean("leaven: " + outcome + ": " + err.Error()))
}
