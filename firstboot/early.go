package firstboot

import (
	"errors"
	"strings"

	"github.com/leaven-dev/leaven/firstboot/config"
)

// errUnheard says that a value is not known yet.
var errUnheard = errors.New("only the metadata service knows it")

// earlyHostName is the host name that the configuration asks for, as far as it is known before there is a network: from the
// files, and from what an earlier boot of this instance recorded. It is "" where nothing is asked for, or not known yet.
//
// Broken configuration must not keep anybody out: the error is for a step that degrades the instance.
func (a *Agent) earlyHostName(who identification) (string, error) {
	files, err := config.Files(a.Root)
	if err != nil {
		return "", err
	}
	was, err := loadLaunch(a.Root, who.ID)
	if err != nil {
		return "", err
	}
	loaded, err := config.Load(append(files, was.layers()...), sections(a.parts())...)
	if err != nil && len(was.layers()) > 0 {
		// User data that is wrong was reported when it was new; the image's own files still count.
		loaded, err = config.Load(files, sections(a.parts())...)
	}
	if err != nil || !strings.Contains(loaded.Hostname, "${") {
		return loaded.Hostname, err
	}
	name, err := config.Expand(loaded.Hostname, func(name string) (string, error) {
		if name == "instance.id" && !who.Provisional {
			return who.ID, nil
		}
		if value, ok := was.Values[name]; ok {
			return value, nil
		}
		return "", errUnheard
	})
	if errors.Is(err, errUnheard) {
		return "", nil // the stage with network sets it
	}
	return name, err
}
