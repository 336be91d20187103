package cfengine

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/leaven-dev/leaven/firstboot"
)

// soon is what a probe has left when a hub has taken all its patience to show its key.
const soon = 400 * time.Millisecond

// probes look whether a hub serves, as its clients see it.
func (h *host) probes() []firstboot.Probe {
	if h.Role != hub || !h.Live {
		return nil
	}
	return []firstboot.Probe{{Name: section, Run: func(ctx context.Context) error {
		_, err := h.serves(ctx, soon)
		if errors.Is(err, fs.ErrNotExist) {
			return errors.New("first boot has not made this host a hub")
		}
		return err
	}}}
}
