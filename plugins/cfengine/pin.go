package cfengine

import (
	"bytes"
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/leaven-dev/leaven/firstboot"
)

// pin is what is known of the hubs' key beforehand. At most one field is set.
type pin struct {
	digest digest
	key    *rsa.PublicKey
	file   string // the file with the key, until it is read
}

func (p pin) none() bool { return p.digest == "" && p.key == nil && p.file == "" }

// in is the digest of the pinned key in the form of another digest.
func (p pin) in(form digest) digest {
	if p.key != nil {
		return digestOf(form, p.key)
	}
	return p.digest
}

// readPin is the pin with its file read.
func (h *host) readPin() (pin, error) {
	p, err := h.pin()
	if err != nil || p.file == "" {
		return p, err
	}
	data, err := h.Root.ReadFile(p.file)
	if err != nil {
		return pin{}, fmt.Errorf("cannot read the hubs' key: %w", err)
	}
	key, err := parsePublic(data)
	if err != nil {
		return pin{}, fmt.Errorf("cannot read the hubs' key in %s: %w", p.file, err)
	}
	return pin{key: key}, nil
}

// pinStep installs the hubs' key, so that the very first connection is to them and nobody else. Where only its digest is known, the
// key is what the hub shows, if that has the digest.
func (h *host) pinStep() firstboot.Step {
	s := h.step("pin", "the key of the hubs", patiently, h.checkPin, h.installPin)
	s.After = []string{"network"}
	return s
}

func (h *host) checkPin(ctx context.Context) (firstboot.Verdict, error) {
	want, err := h.readPin()
	if err != nil {
		return firstboot.Verdict{}, err
	}
	if want.none() {
		return firstboot.Verdict{OK: true, Text: "none is configured: the first hub that answers is trusted"}, nil
	}
	form, err := h.form(ctx)
	if err != nil {
		return firstboot.Verdict{}, err
	}
	name := path.Join(h.layout.keys(), trustedName(want.in(form)))
	data, err := h.Root.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return firstboot.Verdict{Text: "would install " + name}, nil
	}
	if err != nil {
		return firstboot.Verdict{}, err
	}
	key, err := parsePublic(data)
	if err != nil || want.in(form) != digestOf(form, key) || want.key != nil && !bytes.Equal(data, encodePublic(want.key)) {
		return firstboot.Verdict{Text: name + " holds another key; would install the hubs'"}, nil
	}
	return firstboot.Verdict{OK: true, Text: string(want.in(form))}, nil
}

func (h *host) installPin(ctx context.Context) error {
	want, err := h.readPin()
	if err != nil {
		return err
	}
	form, err := h.form(ctx)
	if err != nil {
		return err
	}
	if want.digest != "" && want.digest[:4] != form[:4] {
		return firstboot.WithCure(fmt.Errorf("policy_server_key is %s, and this CFEngine names keys by %s", want.digest, form[:3]), "give the digest that `cf-key -p` prints on this host, or the key itself")
	}
	key := want.key
	if key == nil {
		if key, err = h.fetch(ctx, want.digest); err != nil {
			return err
		}
	}
	return h.Root.WriteFile(path.Join(h.layout.keys(), trustedName(digestOf(form, key))), encodePublic(key), 0o600)
}

// form is the digest of the host's own key: its form is the one that this edition of CFEngine uses.
func (h *host) form(ctx context.Context) (digest, error) {
	return h.layout.digest(ctx, h.layout.in("ppkeys/localhost.pub"))
}
