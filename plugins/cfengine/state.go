package cfengine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/leaven-dev/leaven/firstboot"
)

// baked is what an image must not hold: it makes a clone listen as a hub before any agent ran, or report under its parent's name.
func (h *host) baked() []string {
	names := []string{h.layout.in("policy_server.dat"), h.layout.in("bootstrap_id.dat"), h.layout.in("state/am_policy_hub"), h.layout.in("inputs/promises.cf")}
	if h.Role != hub || !h.Shared { // else the keys are those of all hubs
		names = append(names, h.layout.in("ppkeys/localhost.priv"))
	}
	return names
}

// stateStep refuses to go on with the keys and the state of another machine. What it looks at counts until this instance has a
// record of its own.
func (h *host) stateStep() firstboot.Step {
	s := h.step("state", "no CFEngine state of another machine", quickly,
		func(context.Context) (firstboot.Verdict, error) {
			r, err := loadRecord(h.Root, h.Instance.ID)
			if err == nil {
				if r.Role == h.Role {
					return firstboot.Verdict{OK: true, Text: "set up as a " + r.Role}, nil
				}
				return firstboot.Verdict{Text: fmt.Sprintf("would make a %s of it", h.Role)}, nil
			}
			if !errors.Is(err, fs.ErrNotExist) {
				return firstboot.Verdict{}, err
			}
			var found []string
			for _, name := range h.baked() {
				there, err := h.Root.Exists(name)
				if err != nil {
					return firstboot.Verdict{}, err
				}
				if there {
					found = append(found, name)
				}
			}
			if found != nil {
				return firstboot.Verdict{}, firstboot.WithCure(fmt.Errorf("the image was not sealed: it holds CFEngine's state of the machine on which it was built: %s", strings.Join(found, ", ")),
					"seal the image (leaven bake), or, if this state is meant, write {\"schema\":\""+recordSchema+"\",\"role\":\""+h.Role+"\"} into "+recordFile(h.Instance.ID))
			}
			return firstboot.Verdict{Text: "would set it up as a " + h.Role}, nil
		},
		func(context.Context) error {
			r, err := loadRecord(h.Root, h.Instance.ID)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			return record{Role: h.Role, Digest: r.Digest}.save(h.Root, h.Instance.ID)
		})
	s.After, s.Regardless = []string{"mounts"}, true // whether the share is mounted is another step's question
	return s
}
