package provisioner

import (
	"errors"
	"fmt"
	"os"

	"github.com/leaven-dev/leaven/bake/settings"
)

// maxFile is more than any bake.yaml or list of mounts has, in bytes, and little enough to send.
const maxFile = 1 << 20

// readFiles reads the files that settings name. What was read then is what is checked and sent.
func (c *Config) readFiles() error {
	var bad, worse error
	c.settingsText, bad = readFile("config", "settings", c.Settings)
	c.mountsText, worse = readFile("mounts", "mounts", c.Mounts)
	return errors.Join(bad, worse)
}

func readFile(setting, what, name string) ([]byte, error) {
	if name == "" || name == unknown {
		return nil, nil
	}
	info, err := os.Stat(name)
	switch {
	case err != nil:
	case !info.Mode().IsRegular():
		err = errors.New("not a plain file")
	case info.Size() > maxFile:
		err = fmt.Errorf("larger than %d bytes", maxFile)
	default:
		var text []byte
		if text, err = os.ReadFile(name); err == nil {
			return text, nil
		}
	}
	return nil, fmt.Errorf("%s: cannot read the %s in %s: %w", setting, what, name, err)
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
