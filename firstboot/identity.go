package firstboot

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/leaven-dev/leaven/internal/journal"
	"github.com/leaven-dev/leaven/keys"
)

// identitySteps is what makes an instance itself. It needs no network, and sshd waits for it.
func (a *Agent) identitySteps(b *book, who identification) []Step {
	wanted, configErr := a.earlyHostName(who)
	steps := []Step{
		{
			ID:       "instance-id",
			Title:    "who this instance is",
			Policy:   Degrade,
			Deadline: quickly,
			Check: func(context.Context) (Verdict, error) {
				return Verdict{OK: true, Text: who.text}, WithCure(who.doubt, "nothing was changed; "+
					"if it is a new instance, remove "+currentLink+" and run `leaven firstboot`")
			},
		},
		{
			ID:       "early-config",
			Title:    "the configuration, as far as it is known without network",
			Policy:   Degrade,
			Deadline: quickly,
			Check: func(context.Context) (Verdict, error) {
				if configErr != nil {
					return Verdict{}, WithCure(oneLine(configErr), "correct it; `leaven config check` looks at it without a boot")
				}
				return Verdict{OK: true, Text: "in order"}, nil
			},
		},
		a.sealStep(b, who),
		a.hostNameStep(who, wanted),
		{
			ID:       "machine-id",
			Title:    "a machine-id of its own",
			Policy:   Degrade,
			Deadline: quickly,
			Check:    func(context.Context) (Verdict, error) { return a.checkMachineID(who) },
		},
		{
			ID:       "host-keys",
			Title:    "SSH host keys of its own",
			Policy:   Required,
			Deadline: 30 * time.Second, // the kernel's random numbers may be late on a first boot
			Check:    func(context.Context) (Verdict, error) { return a.checkHostKeys(who.ID) },
			Apply:    func(context.Context) error { return a.makeKeys(b, who, a.nameFor(who, wanted)) },
		},
		{
			ID:       "sshd-config",
			Title:    "no other host key configured",
			After:    []string{"host-keys"},
			Policy:   Degrade,
			Deadline: quickly,
			Apply:    func(context.Context) error { return a.checkSSHDConfig() },
		},
		{
			ID:       "console-keys",
			Title:    "host keys on the console",
			After:    []string{"host-keys"},
			Policy:   Ignore,
			Deadline: 5 * time.Second, // a serial line that is held up must not hold up sshd
			Apply:    func(context.Context) error { return a.printHostKeys() },
		},
	}
	if a.Relabel != nil {
		steps = append(steps, Step{
			ID:       "selinux-labels",
			Title:    "SELinux labels of the host keys",
			After:    []string{"host-keys"},
			Policy:   Degrade,
			Deadline: 20 * time.Second,
			Apply:    func(ctx context.Context) error { return a.Relabel(ctx, keys.Dir, stateDir) },
		})
	}
	return steps
}

func (a *Agent) checkHostKeys(instance string) (Verdict, error) {
	s, err := keys.Inspect(a.Root, instance)
	if err != nil {
		return Verdict{}, withKeysCure(err)
	}
	switch s.Progress {
	case keys.Made:
		text := strings.Join(s.Usable, ", ")
		if !s.Server {
			text = "no SSH server here"
		} else if len(s.Missing) > 0 {
			text += "; gone or damaged since they were made: " + strings.Join(s.Missing, ", ")
		}
		return Verdict{OK: true, Text: text}, nil
	case keys.Staged:
		return Verdict{Text: "would publish the keys that an interrupted run made"}, nil
	}
	text := "would make Ed25519 and ECDSA keys"
	if !s.Server {
		text = "would record that there is no SSH server"
	}
	if len(s.Foreign) > 0 {
		text += " and delete " + strings.Join(s.Foreign, ", ")
	}
	if s.Progress == keys.Lost {
		text += ": no key is left that sshd can load"
	}
	return Verdict{Text: text}, nil
}

// makeKeys gives the instance keys. Those that it has under its provisional id, if that was given up in a boot that was cut off, stay.
func (a *Agent) makeKeys(b *book, who identification, name string) error {
	if was := b.copy().Provisional; was != "" {
		if s, err := keys.Inspect(a.Root, was); err == nil && s.Progress == keys.Made {
			return keys.Rebind(a.Root, was, who.ID)
		}
	}
	return withKeysCure(keys.Make(a.Root, who.ID, "root@"+name))
}

func withKeysCure(err error) error {
	if errors.Is(err, keys.ErrCorrupt) {
		return WithCure(err, "remove that file to have new host keys made, then run `leaven firstboot`")
	}
	return err
}

// checkSSHDConfig runs once, when an instance is new: a host key that lies elsewhere by then comes from the image.
func (a *Agent) checkSSHDConfig() error {
	found, err := keys.ElsewhereConfigured(a.Root)
	if err != nil || len(found) == 0 {
		return err
	}
	return WithCure(fmt.Errorf("sshd is told to serve a host key that came with the image: %s", strings.Join(found, ", ")),
		"take the HostKey line out of sshd_config or make that key anew")
}

// printHostKeys is for whoever fills known_hosts from the console's output.
func (a *Agent) printHostKeys() error {
	list, err := keys.List(a.Root)
	if len(list) == 0 {
		return err
	}
	block := keys.Block(list, time.Now())
	if a.Console == nil {
		a.Log(journal.Entry{Message: string(block)})
		return err
	}
	return errors.Join(err, a.Console(block))
}
