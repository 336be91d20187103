package firstboot

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/leaven-dev/leaven/firstboot/config"
	"github.com/leaven-dev/leaven/keys"
)

// sshSteps are host keys and certificates beyond what sshd starts with. The unit of this stage is ordered after sshd's, so what is
// slow here holds up nobody who logs in.
func (p *provision) sshSteps() []Step {
	var steps []Step
	if p.config.SSH.RSA > 0 {
		steps = append(steps, p.rsaStep(p.config.SSH.RSA))
	}
	if c := p.config.SSH.Certificate; c != nil {
		steps = append(steps, p.certificateStep(c, ids(steps)...))
	}
	return steps
}

func ids(steps []Step) []string {
	var all []string
	for _, s := range steps {
		all = append(all, s.ID)
	}
	return all
}

func (p *provision) rsaStep(bits int) Step {
	return Step{
		ID: "rsa-host-key", Title: fmt.Sprintf("an RSA host key of %d bits", bits), Policy: Degrade,
		Deadline: 5 * time.Minute, // finding two large primes is a matter of luck, and emulated CPUs are slow
		Check: func(context.Context) (Verdict, error) {
			progress, err := keys.InspectRSA(p.agent.Root, p.who.ID)
			switch {
			case err != nil:
				return Verdict{}, withKeysCure(err)
			case progress == keys.Made:
				return p.rsaServed()
			case progress == keys.Lost:
				return Verdict{}, WithCure(errors.New("it was made, and is gone or damaged now"), "remove it from sshd's settings, or restore it from a backup; it is not made twice")
			}
			return Verdict{Text: fmt.Sprintf("would make an RSA key of %d bits", bits)}, nil
		},
		Apply: func(ctx context.Context) error {
			return p.changeSSH(ctx, func() error {
				return withKeysCure(keys.MakeRSA(p.agent.Root, p.who.ID, "root@"+p.hostName(), bits))
			})
		},
	}
}

func (p *provision) certificateStep(c *config.Certificate, after ...string) Step {
	certifier := keys.Certifier{
		Authority:  keys.Authority{KeyFile: c.CAKey, Command: c.Command.Args, Public: []byte(c.Authority)},
		Instance:   p.who.ID,
		Principals: append([]string{p.hostName(), p.who.ID, p.launch.Values["instance.ipv4"], p.launch.Values["instance.ipv6"]}, c.Names...),
		Lifetime:   c.Valid,
	}
	if c.Command.Given() {
		after = append(after, "network") // whom it asks is elsewhere
	}
	return Step{
		ID: "ssh-certificates", Title: "host certificates", After: after, Policy: Degrade, Deadline: 2 * time.Minute,
		Check: func(context.Context) (Verdict, error) {
			due, err := certifier.Due(p.agent.Root)
			if pending, bad := p.agent.Root.Exists(reloadFile); pending || bad != nil {
				due, err = append(due, "sshd has yet to load them"), errors.Join(err, bad)
			}
			if err != nil || len(due) > 0 {
				return Verdict{Text: "would have the host keys signed: " + strings.Join(due, "; ")}, err
			}
			return Verdict{OK: true, Text: "signed and served"}, nil
		},
		Apply: func(ctx context.Context) error {
			if p.agent.Outside == nil {
				return errors.New("host keys can be signed on the running system only")
			}
			return p.changeSSH(ctx, func() error {
				if _, err := certifier.Sign(ctx, p.agent.Root); err != nil {
					return WithCure(err, "see what the signing command or the authority's key says")
				}
				return keys.ServeCertificates(ctx, p.agent.Root, keys.CheckSSHD)
			})
		},
	}
}

// rsaServed tells whether the RSA key that was made is one that sshd shows.
func (p *provision) rsaServed() (Verdict, error) {
	pending, err := p.agent.Root.Exists(reloadFile)
	if err != nil || pending {
		return Verdict{Text: "would have sshd load the RSA key"}, err
	}
	served, err := keys.Served(p.agent.Root)
	if err == nil && !slices.Contains(served, path.Join(keys.Dir, keys.RSAFile)) {
		err = WithCure(errors.New("sshd's settings name other host keys, so that it does not show this one"),
			"add `HostKey "+path.Join(keys.Dir, keys.RSAFile)+"` to /etc/ssh/sshd_config, or take the HostKey lines out")
	}
	return Verdict{OK: true, Text: "made, and shown by sshd"}, err
}

// reloadFile is there while sshd has yet to load what was changed: a run that is cut off in between is finished by the next one.
// After a reboot it is not needed, and not there.
const reloadFile = runDir + "/reload-sshd"

// changeSSH changes what sshd shows, and has a running sshd load it. One that starts later does so by itself.
func (p *provision) changeSSH(ctx context.Context, change func() error) error {
	if p.agent.Outside == nil {
		return change()
	}
	if err := p.agent.Root.WriteFile(reloadFile, nil, 0o644); err != nil {
		return err
	}
	if err := change(); err != nil {
		return err
	}
	if err := p.agent.Outside.ReloadSSH(ctx); err != nil {
		return err
	}
	return p.agent.Root.Remove(reloadFile)
}

// hostName is the name that the instance goes by.
func (p *provision) hostName() string {
	if p.config != nil && p.config.Hostname != "" {
		return p.config.Hostname
	}
	if name, err := configuredName(p.agent.Root); err == nil && !nameless(name) {
		return name
	}
	return p.who.ID
}
