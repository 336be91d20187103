package cfengine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/leaven-dev/leaven/firstboot"
	"github.com/leaven-dev/leaven/internal/rootfs"
	"github.com/leaven-dev/leaven/keys/publish"
)

// keyStep gives the host its key: hubs the one that they share, whoever of them made it; others one of their own. cf-key is never
// run on a share: of three hubs that boot together, it lets each go on with what another one overwrites.
func (h *host) keyStep() firstboot.Step {
	title := "a CFEngine key of its own"
	if h.Role == hub {
		title = "the CFEngine key of the hubs"
	}
	return h.step("key", title, thorough, h.checkHubKey, h.publishKey)
}

func (h *host) pair() publish.Pair {
	return publish.Pair{Private: "localhost.priv", Public: "localhost.pub", Bits: h.KeyBits}
}

func (h *host) checkHubKey(ctx context.Context) (firstboot.Verdict, error) {
	fi, err := h.Root.Stat(h.layout.keys())
	if err != nil {
		return firstboot.Verdict{}, err
	}
	if fi.Mode().Perm()&0o077 != 0 {
		return firstboot.Verdict{Text: "would make " + h.layout.keys() + " private, which CFEngine wants"}, nil
	}
	dir, err := h.Root.OpenDir(h.layout.keys())
	if err != nil {
		return firstboot.Verdict{}, err
	}
	defer dir.Close()
	key, err := h.pair().Read(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return firstboot.Verdict{Text: fmt.Sprintf("would make a key of %d bits, unless another hub does so first", h.KeyBits)}, nil
	}
	if err != nil {
		return firstboot.Verdict{}, firstboot.WithCure(err, "nothing was changed; look at "+h.layout.keys())
	}
	// CFEngine itself must read the file, and name the key as we do.
	is, err := h.layout.digest(ctx, h.layout.in("ppkeys/localhost.pub"))
	if err != nil {
		return firstboot.Verdict{}, err
	}
	if own := digestOf(is, &key.PublicKey); own != is {
		return firstboot.Verdict{}, fmt.Errorf("cf-key calls the key in %s %s, and it is %s", h.layout.keys(), is, own)
	}
	if err := h.expected(is); err != nil {
		return firstboot.Verdict{}, err
	}
	r, err := loadRecord(h.Root, h.Instance.ID)
	switch {
	case err != nil:
		return firstboot.Verdict{}, err
	case r.Digest == "":
		return firstboot.Verdict{Text: "would take over " + string(is)}, nil
	case r.Digest != is:
		return firstboot.Verdict{}, firstboot.WithCure(fmt.Errorf("the key changed: this instance was set up with %s, in %s is %s. Its clients know the old one", r.Digest, h.layout.keys(), is),
			"put the old key pair back; if the new one is meant, replace the hubs, and give the clients the new key")
	}
	return firstboot.Verdict{OK: true, Text: fmt.Sprintf("%s, %d bits", is, key.N.BitLen())}, nil
}

// expected compares a key with the one that the configuration names for hubs.
func (h *host) expected(is digest) error {
	if h.Role != hub {
		return nil
	}
	want, err := h.readPin()
	if err != nil || want.none() {
		return err
	}
	if want := want.in(is); want != is {
		return firstboot.WithCure(fmt.Errorf("the hubs share the key %s, and policy_server_key says %s", is, want),
			"if the share is the right one, correct policy_server_key; else mount the right one")
	}
	return nil
}

func (h *host) publishKey(ctx context.Context) error {
	dir, err := h.Root.OpenDir(h.layout.keys())
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := h.private(); err != nil {
		return err
	}
	if want, err := h.readPin(); err != nil {
		return err
	} else if h.Role == hub && !want.none() {
		if err := h.awaitKey(dir); err != nil {
			return err
		}
	}
	if _, _, err := h.pair().Publish(ctx, dir); err != nil {
		return firstboot.WithCure(err, "look at "+h.layout.keys())
	}
	is, err := h.layout.digest(ctx, h.layout.in("ppkeys/localhost.pub"))
	if err != nil {
		return err
	}
	r, err := loadRecord(h.Root, h.Instance.ID)
	if err != nil {
		return err
	}
	if r.Digest == "" {
		r.Digest = is
	}
	return r.save(h.Root, h.Instance.ID) // the check that follows compares
}

// awaitKey refuses to make a key where one is expected: a new one cannot be that.
func (h *host) awaitKey(dir *rootfs.Dir) error {
	_, err := dir.Lstat(h.pair().Private)
	if errors.Is(err, fs.ErrNotExist) {
		return firstboot.WithCure(fmt.Errorf("%s holds no key, and policy_server_key names the one that must be there: a new one would be another", h.layout.keys()),
			"put the key pair there, or leave policy_server_key out until the hubs have made theirs")
	}
	return err
}

// private takes all rights on ppkeys from others. The root of a share is often made with 0755; CFEngine refuses that.
func (h *host) private() error {
	real, err := h.Root.Resolve(h.layout.keys())
	if err != nil {
		return err
	}
	// The tree is the running system, or there would be no step.
	if err := os.Chmod(filepath.Join(h.Root.Dir(), real), 0o700); err != nil {
		return fmt.Errorf("cannot make %s private: %w", real, err)
	}
	return nil
}
