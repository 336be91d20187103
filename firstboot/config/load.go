package config

import (
	"errors"

	"github.com/leaven-dev/leaven/internal/schema"
	"github.com/leaven-dev/leaven/internal/strictyaml"
)

// Loaded is a configuration with the origin of its values.
type Loaded struct {
	Config
	*schema.Settings
}

// Load reads layers one over the other. The error joins a [strictyaml.Fault] for each thing that is wrong; the configuration is
// not to be used then.
func Load(layers []Layer, plugins ...schema.Section) (*Loaded, error) {
	l := &Loaded{}
	l.Settings = schema.New(Sections(&l.Config, plugins...)...)
	for _, layer := range layers {
		l.Add(strictyaml.Parse(layer.Name, layer.Text))
	}
	return l, errors.Join(l.Finish(), l.Look(func(text string) error {
		_, err := Variables(text) // that there are such; their values are for the instance
		return err
	}))
}

// Expand fills in what is only known on the instance; see [schema.Settings.Expand]. It hides that function, which does not know
// host names.
func (l *Loaded) Expand(text, shell func(string) (string, error)) error {
	if err := l.Settings.Expand(text, shell); err != nil {
		return err
	}
	if err := checkHostname(l.Hostname); err != nil {
		place, _ := l.Place("hostname")
		return strictyaml.Fault{Place: place, Message: err.Error()}
	}
	return nil
}

// Sections is all that a document may hold.
func Sections(c *Config, plugins ...schema.Section) []schema.Section {
	all := []schema.Section{{Into: c}}
	for _, p := range plugins {
		if p.Into != nil {
			all = append(all, p)
		}
	}
	return all
}

// JSONSchema is the schema that editors use.
func JSONSchema(plugins ...schema.Section) ([]byte, error) {
	return schema.JSONSchema("https://github.com/leaven-dev/leaven/raw/main/docs/firstboot.schema.json",
		"Leaven: first boot", Sections(&Config{}, plugins...)...)
}
