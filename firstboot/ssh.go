package firstboot

import (
	"context"
	"errors"
	"fmt"
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
				return Verdict{OK: true, Text: "made"}, nil
			case progress == keys.Lost:
				return Verdict{}, WithCure(errors.New("it was made, and is gone or damaged now"), "remove it from sshd's settings, or restore it from a backup; it is not made twice")
			}
			return Verdict{Text: fmt.Sprintf("would make an RSA key of %d bits", bits)}, nil
		},
		Apply: func(ctx context.Context) error {
			if err := keys.MakeRSA(p.agent.Root, p.who.ID, "root@"+p.hostName(), bits); err != nil {
				return withKeysCure(err)
			}
			return p.reloadSSH(ctx)
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
			if err != nil || len(due) > 0 {
				return Verdict{Text: "would have the host keys signed: " + strings.Join(due, "; ")}, err
			}
			return Verdict{OK: true, Text: "signed and served"}, nil
		},
		Apply: func(ctx context.Context) error {
			if p.agent.Outside == nil {
				return errors.New("host keys can be signed on the running system only")
			}
			if _, err := certifier.Sign(ctx, p.agent.Root); err != nil {
				return WithCure(err, "see what the signing command or the authority's key says")
			}
			if err := keys.ServeCertificates(ctx, p.agent.Root, keys.CheckSSHD); err != nil {
				return err
			}
			return p.reloadSSH(ctx)
		},
	}
}

// reloadSSH makes a running sshd load the keys anew. One that starts later does so by itself.
func (p *provision) reloadSSH(ctx context.Context) error {
	if p.agent.Outside == nil {
		return nil
	}
	return p.agent.Outside.ReloadSSH(ctx)
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
