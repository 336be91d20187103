package hubs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/leaven-dev/leaven/e2e/debroot"
	"github.com/leaven-dev/leaven/e2e/imds"
	"github.com/leaven-dev/leaven/e2e/netns"
	"github.com/leaven-dev/leaven/e2e/nspawn"
	"github.com/leaven-dev/leaven/firstboot"
)

// Machine is an instance: a fresh copy of an image in a subnet of its own, with user data. Boot it any number of times.
type Machine struct {
	ID        string
	Address   string
	Config    nspawn.Config
	Container *nspawn.Container // of the last Boot

	vpc    *VPC
	ns     *netns.Namespace
	port   string // its cable's end at the router
	number int
	closed bool
	close  []func() error
}

// New makes a machine that is off. Mounts are further arguments for nspawn, such as [VPC.Mounts].
func (v *VPC) New(ctx context.Context, image, userData string, mounts ...string) (*Machine, error) {
	v.mu.Lock()
	v.machines++
	number := v.machines
	v.mu.Unlock()
	m := &Machine{vpc: v, number: number, ID: fmt.Sprintf("i-%017x", 0xa00+number), Address: fmt.Sprintf(ownNumber, number), port: fmt.Sprintf("port%d", number)}
	if err := m.assemble(ctx, image, userData, mounts); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	v.atEnd(m.Close)
	return m, nil
}

func (m *Machine) assemble(ctx context.Context, image, userData string, mounts []string) error {
	o, err := debroot.NewOverlay(ctx, image)
	if err != nil {
		return err
	}
	m.close = append(m.close, o.Close)
	if m.ns, err = netns.New(ctx); err != nil {
		return err
	}
	m.close = append(m.close, m.ns.Close)
	if err := m.ns.Connect(ctx, "eth0", m.vpc.router, m.port); err != nil {
		return err
	}
	zone := fmt.Sprintf(gateway, m.number)
	if err := errors.Join(m.vpc.router.AddAddress(ctx, m.port, zone+"/24"), m.ns.AddAddress(ctx, "eth0", m.Address+"/24")); err != nil {
		return err
	}
	if _, err := m.ns.Run(ctx, "ip", "route", "add", "default", "via", zone); err != nil {
		return err
	}
	data := imds.Instance(m.ID)
	data["user-data"], data["meta-data/local-ipv4"] = userData, m.Address
	data["meta-data/placement/availability-zone"] = "eu-central-1" + string("abc"[m.number%3])
	service, err := imds.Start(ctx, m.ns, data)
	if err != nil {
		return err
	}
	m.close = append(m.close, service.Close)
	m.Config = nspawn.Config{
		Root: o.Root, Console: filepath.Join(m.vpc.Logs, m.ID+".console.log"), Network: m.ns.Path(), Args: mounts,
		Credentials: map[string]string{"leaven.instance-id": m.ID},
	}
	return nil
}

// Boot switches it on and returns as soon as its systemd runs.
func (m *Machine) Boot(ctx context.Context) (err error) {
	m.Container, err = nspawn.Boot(ctx, m.Config)
	return err
}

// Status waits for first boot and returns how it went.
func (m *Machine) Status(ctx context.Context) (s firstboot.Status, err error) {
	// The exit status says how it went, or that systemd does not listen yet.
	text, err := m.Container.Run(ctx, "leaven", "status", "--wait", "--output", "json")
	if jsonErr := json.Unmarshal([]byte(text), &s); jsonErr != nil {
		return s, errors.Join(fmt.Errorf("cannot tell how first boot of %s went; its console is in %s", m.ID, m.Config.Console), err, jsonErr)
	}
	return s, nil
}

// OK is Status for a first boot that must go well.
func (m *Machine) OK(ctx context.Context) (firstboot.Status, error) {
	s, err := m.Status(ctx)
	if err == nil && s.Result != firstboot.OK {
		log, _ := m.Container.Journal(ctx, "--output=cat", "--unit=leaven-firstboot.service", "--unit=cf-serverd.service")
		err = fmt.Errorf("first boot of %s: %s\n%s", m.ID, s.Verdict, log)
	}
	return s, err
}

var digests = regexp.MustCompile(`(?:MD5|SHA)=[0-9a-f]+`)

// Digest is the key that a hub serves, by its status.
func Digest(s firstboot.Status) string {
	for _, step := range s.Steps {
		if step.ID == "cfengine-serving" {
			return digests.FindString(step.Message)
		}
	}
	return ""
}

// Took is how long first boot took: from the start of its unit to the end of the last step, which is that a hub shows its key to
// whoever connects.
func Took(s firstboot.Status) time.Duration {
	for _, stage := range s.Stages {
		if stage.Stage == firstboot.Provision {
			return time.Duration(stage.Seconds * float64(time.Second))
		}
	}
	return 0
}

// Lose takes the machine away as EC2 may: from one moment to the next nothing comes from it any more, not even a refusal.
func (m *Machine) Lose(ctx context.Context) error {
	_, err := m.ns.Run(ctx, "ip", "link", "set", "eth0", "down")
	return errors.Join(err, m.Container.Kill())
}

// Close takes it away, with its disk. A second Close does nothing.
func (m *Machine) Close() error {
	if m.closed {
		return nil
	}
	m.closed = true
	var bad []error
	if m.Container != nil {
		bad = append(bad, m.Container.Close())
	}
	for i := range m.close {
		bad = append(bad, m.close[len(m.close)-1-i]())
	}
	return errors.Join(bad...)
}

// CFAgent has a client fetch its policy, as cf-execd does every five minutes, and returns all that cf-agent says.
func (m *Machine) CFAgent(ctx context.Context) (string, error) {
	out, err := m.Container.Command(ctx, "cf-agent", "--verbose", "--no-lock", "--file", "update.cf").CombinedOutput()
	return strings.ToValidUTF8(string(out), "?"), err
}
