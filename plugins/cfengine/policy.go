package cfengine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/leaven-dev/leaven/firstboot"
)

// policyStep looks whether the policy can be served. A hub bootstraps against a broken one with success, and then nobody updates.
func (h *host) policyStep() firstboot.Step {
	understood := false // in this run; looking costs 0.1 to 5 s
	return h.step("policy", "a policy that CFEngine understands", thorough,
		func(ctx context.Context) (firstboot.Verdict, error) {
			for _, name := range []string{entry, update} {
				if understood {
					break
				}
				name = path.Join(h.layout.masterfiles(), name)
				if _, err := command(ctx, h.layout.tool("cf-promises"), "-f", name); err != nil {
					return firstboot.Verdict{}, firstboot.WithCure(fmt.Errorf("the policy is broken, %s: %w", name, err), "mend the policy; `cf-promises -f "+name+"` tells the whole")
				}
			}
			understood = true
			there, err := h.Root.Exists(path.Join(h.layout.masterfiles(), validated))
			if err != nil || !there {
				return firstboot.Verdict{Text: "would mark it as valid, without which clients do not update"}, err
			}
			if stale, err := h.updatesFromPackage(); err != nil || stale {
				return firstboot.Verdict{Text: "would have this hub take updates from masterfiles, and not from the package as Debian has it"}, err
			}
			return firstboot.Verdict{OK: true, Text: "valid"}, nil
		},
		func(ctx context.Context) error {
			if there, err := h.Root.Exists(path.Join(h.layout.masterfiles(), validated)); err != nil {
				return err
			} else if !there {
				if _, err := command(ctx, h.layout.tool("cf-promises"), "-T", h.layout.masterfiles()); err != nil {
					return err
				}
			}
			return h.updateFromMasterfiles()
		})
}

// location is the variable that says where updates come from.
const location = "default:def.mpf_update_policy_master_location"

func (h *host) hostSpecific() string { return h.layout.in("data/host_specific.json") }

// updatesFromPackage tells whether the policy has Debian's mistake (see cure) and nothing on this hub makes up for it: that is so
// where somebody else put the package's policy into masterfiles. The policy itself is not ours to change then.
func (h *host) updatesFromPackage() (bool, error) {
	text, err := h.Root.ReadFile(path.Join(h.layout.masterfiles(), "controls/update_def.cf"))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil // a policy of another make
	}
	if err != nil || !strings.Contains(string(text), debianUpdates) {
		return false, err
	}
	own, err := h.Root.ReadFile(h.hostSpecific())
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	return !strings.Contains(string(own), location), err
}

// updateFromMasterfiles writes data/host_specific.json, which counts for this hub alone.
func (h *host) updateFromMasterfiles() error {
	stale, err := h.updatesFromPackage()
	if err != nil || !stale {
		return err
	}
	if there, err := h.Root.Exists(h.hostSpecific()); err != nil || there {
		return errors.Join(err, firstboot.WithCure(fmt.Errorf("%s is there and does not say %s", h.hostSpecific(), location), "add that variable to it, with the value "+h.layout.masterfiles()))
	}
	data, err := json.MarshalIndent(map[string]any{"variables": map[string]string{location: h.layout.masterfiles()}}, "", "  ")
	if err != nil {
		return err
	}
	return h.Root.WriteFile(h.hostSpecific(), append(data, '\n'), 0o600)
}
