package firstboot

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/leaven-dev/leaven/firstboot/config"
	"github.com/leaven-dev/leaven/firstboot/userdata"
)

// imageConfig reads the configuration that lies in the image.
func (a *Agent) imageConfig() (*config.Loaded, error) {
	layers, err := config.Files(a.Root)
	if err != nil {
		return nil, err
	}
	return config.Load(layers, sections(a.parts())...)
}

// userDataStep finds Leaven's part in the instance's user data and keeps it.
func (p *provision) userDataStep(after ...string) Step {
	return Step{
		ID:      "user-data",
		Title:   "user data for Leaven",
		After:   after,
		Policy:  Required,
		Foresee: p.foreseeUserData(),
		Check: func(ctx context.Context) (Verdict, error) {
			was, err := loadLaunch(p.agent.Root, p.who.ID)
			if err != nil {
				return Verdict{}, err
			}
			given, err := p.findUserData(ctx, was)
			if err != nil {
				return Verdict{}, WithCure(err, "correct the user data; it counts from the next boot, or with `leaven firstboot`")
			}
			p.launch.UserData = given
			text := "none for Leaven"
			if given != nil {
				text = fmt.Sprintf("%s, %d bytes", given.Where, len(given.Text))
			}
			return Verdict{OK: p.launch.same(was), Text: text}, nil
		},
		Apply: func(context.Context) error { return p.launch.save(p.agent.Root, p.who.ID) },
	}
}

func (l launch) same(other launch) bool {
	if (l.UserData == nil) != (other.UserData == nil) || !maps.Equal(l.Values, other.Values) {
		return false
	}
	return l.UserData == nil || *l.UserData == *other.UserData
}

// findUserData looks where user data can come from: the command line, the metadata service, the record.
func (p *provision) findUserData(ctx context.Context, was launch) (*userData, error) {
	if p.launch.Values == nil {
		p.launch = was // nobody was asked
	}
	if layer := p.agent.UserData; layer != nil {
		part, err := userdata.Find(layer.Text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", layer.Name, err)
		}
		text := part.Text
		if part.None() {
			text = layer.Text // a file without the first line is meant all the same, since it was named
		}
		return &userData{Given: true, Where: layer.Name, Text: string(text)}, nil
	}
	if !p.heard {
		return was.UserData, nil
	}
	data, err := p.agent.Outside.UserData(ctx)
	if err != nil {
		return nil, err
	}
	part, err := userdata.Find(data)
	switch {
	case err != nil:
		return nil, err
	case !part.None():
		return &userData{Where: part.Where, Text: string(part.Text)}, nil
	case was.UserData != nil && was.UserData.Given:
		return was.UserData, nil // it never was in the user data itself: cloud-init brought it
	}
	return nil, nil
}

func (p *provision) foreseeUserData() string {
	switch {
	case p.agent.UserData != nil:
		return "would take " + p.agent.UserData.Name
	case p.asksMetadata():
		return "would ask the metadata service for user data"
	}
	return ""
}

// configStep brings all layers together.
func (p *provision) configStep() Step {
	return Step{
		ID:      "config",
		Title:   "the configuration",
		After:   []string{"user-data"},
		Policy:  Required,
		Foresee: "would read the files in /etc/leaven and user data",
		Check: func(ctx context.Context) (Verdict, error) {
			if err := p.read(ctx); err != nil {
				return Verdict{}, WithCure(oneLine(err), "correct it; `leaven config check` looks at it without a boot")
			}
			return Verdict{OK: true, Text: "in order"}, nil
		},
	}
}

// read reads all layers and fills in what is only known on the instance.
func (p *provision) read(ctx context.Context) error {
	if p.launch.Values == nil {
		var err error
		if p.launch, err = loadLaunch(p.agent.Root, p.who.ID); err != nil {
			return err
		}
		if p.dry && p.agent.UserData != nil {
			if p.launch.UserData, err = p.findUserData(ctx, p.launch); err != nil {
				return err
			}
		}
	}
	layers, err := config.Files(p.agent.Root)
	if err != nil {
		return err
	}
	p.parts = p.agent.parts()
	loaded, err := config.Load(append(layers, p.launch.layers()...), sections(p.parts)...)
	if err != nil {
		return err
	}
	before := maps.Clone(p.launch.Values)
	if err := p.expand(ctx, loaded); err != nil {
		return err
	}
	if !p.dry && !maps.Equal(before, p.launch.Values) {
		if err := p.launch.save(p.agent.Root, p.who.ID); err != nil {
			return err
		}
	}
	p.config = loaded
	// What the configuration asks for must have an order, before any of it is done.
	if err := p.ordered(); err != nil {
		p.config = nil
		return err
	}
	return nil
}

// expand fills in what is only known on the instance. In texts for the shell, a variable of the shell takes the place of each
// value: who may set a tag must not be able to run commands.
func (p *provision) expand(ctx context.Context, loaded *config.Loaded) error {
	value := func(name string) (string, error) { return p.value(ctx, name) }
	variable := func(name string) (string, error) {
		text, err := value(name)
		if err != nil {
			return "", err
		}
		shell := fmt.Sprintf("LEAVEN_VALUE_%d", len(p.shell))
		p.shell = append(p.shell, shell+"="+text)
		return "${" + shell + "}", nil
	}
	return loaded.Expand(
		func(text string) (string, error) { return config.Expand(text, value) },
		func(text string) (string, error) { return config.Expand(text, variable) },
	)
}

// oneLine makes one line of an error that lists several things.
func oneLine(err error) error {
	return fmt.Errorf("%s", strings.ReplaceAll(err.Error(), "\n", "; "))
}
