package cfengine

import (
	"context"
	"errors"
	"io/fs"

	"github.com/leaven-dev/leaven/firstboot"
)

// probes look whether a hub serves, as its clients see it.
func (h *host) probes() []firstboot.Probe {
	if h.Role != hub || !h.Live {
		return nil
	}
	return []firstboot.Probe{{Name: section, Run: func(ctx context.Context) error {
		_, err := h.serves(ctx)
		if errors.Is(err, fs.ErrNotExist) {
			return errors.New("first boot has not made this host a hub")
		}
		return err
	}}}
}
