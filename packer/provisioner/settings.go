package provisioner

import (
	"errors"
	"fmt"
	"os"

	"github.com/leaven-dev/leaven/bake/settings"
)

// maxSettings is more than any bake.yaml has, in bytes, and little enough to send.
const maxSettings = 1 << 20

// readSettings reads the bake.yaml. What was read then is what is checked and sent.
func (c *Config) readSettings() error {
	if c.Settings == "" || c.Settings == unknown {
		return nil
	}
	info, err := os.Stat(c.Settings)
	switch {
	case err != nil:
	case !info.Mode().IsRegular():
		err = errors.New("not a plain file")
	case info.Size() > maxSettings:
		err = fmt.Errorf("larger than %d bytes", maxSettings)
	default:
		c.settingsText, err = os.ReadFile(c.Settings)
	}
	if err != nil {
		return fmt.Errorf("config: cannot read the settings in %s: %w", c.Settings, err)
	}
	return nil
}

// salted checks the settings as the agent will, and tells whether hashes in the template's allow list can fit. The image's
// own settings, which count where the template names none, may have a salt.
func (c *Config) salted(known settings.Known) (bool, error) {
	if c.settingsText == nil {
		return true, nil
	}
	set, err := settings.Parse(c.Settings, c.settingsText, known)
	if err != nil {
		return true, fmt.Errorf("the settings are wrong:\n%w", err)
	}
	return set.Salt != nil, nil
}
