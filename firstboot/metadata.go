package firstboot

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/leaven-dev/leaven/keys"
)

// How long a boot waits that knows from an earlier one what it needs. The network takes a while itself, since the unit starts before it
// is up, and is waited for by the kernel's events, so that the longer limit costs only whoever has none.
const (
	networkAgain = time.Minute
	askAgain     = 15 * time.Second
)

// asksMetadata tells whether this instance has a metadata service to ask.
func (p *provision) asksMetadata() bool {
	if p.agent.Outside == nil && !p.dry {
		return false
	}
	how := "auto"
	if p.image != nil {
		how = p.image.Network.Metadata
	}
	return how == "on" || how == "auto" && p.who.onEC2
}

// patience is how long a step may wait for what is outside.
func (p *provision) patience() time.Duration {
	if p.known() {
		return askAgain
	}
	if p.image == nil {
		return 5 * time.Minute // what Network.Wait is by default
	}
	return p.image.Network.Wait
}

// wait bounds how long the metadata service is waited for.
func (p *provision) wait(ctx context.Context) (context.Context, context.CancelFunc) {
	return within(ctx, p.patience())
}

func within(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, limit, fmt.Errorf("took longer than %v", limit))
}

// StrangerCure is for answers that are none of EC2's metadata service.
const StrangerCure = "something else answers at the address of the metadata service: a proxy, or a container's agent; take that away"

// known tells whether an earlier boot has recorded what the metadata service said.
func (p *provision) known() bool {
	rec, there := p.book.step("metadata")
	return there && !rec.Done.IsZero()
}

// networkStep waits for the network. A boot that knows what it needs goes on without.
func (p *provision) networkStep(after string) Step {
	limit := p.patience()
	if p.known() {
		limit = networkAgain
	}
	s := Step{
		ID: "network", Title: "the network", After: []string{after}, Policy: Required, Deadline: limit + quickly,
		Foresee: "would wait for link, address, route and name server",
		Check: func(ctx context.Context) (Verdict, error) {
			ctx, cancel := within(ctx, limit) // who waits can say for what, when the time is over
			defer cancel()
			if p.agent.Outside == nil {
				return Verdict{}, errors.New("this tree is not the running system: there is no network to wait for")
			}
			text, err := p.agent.Outside.Network(ctx, func(text string) { p.agent.say("network", text) })
			return Verdict{OK: true, Text: text}, WithCure(err, "look at the network's settings in the image, and at the subnet's")
		},
	}
	if after != "config" && p.known() {
		s.Policy = Ignore
	}
	return s
}

// metadataStep asks the metadata service who this instance is. When it is silent at a later boot, nothing changes: what it said
// at the first one is recorded.
func (p *provision) metadataStep() Step {
	return Step{
		ID: "metadata", Title: "the metadata service", After: []string{"network"}, Policy: Required, Deadline: p.patience() + quickly,
		Foresee: "would ask the metadata service which instance this is",
		Check: func(ctx context.Context) (Verdict, error) {
			ctx, cancel := p.wait(ctx)
			defer cancel()
			was, err := loadLaunch(p.agent.Root, p.who.ID)
			if err != nil {
				return Verdict{}, err
			}
			values, err := p.agent.Outside.Metadata(ctx)
			if err != nil && p.known() {
				p.launch = was
				return Verdict{OK: true, Text: "silent; going on with what it said before: " + err.Error()}, nil
			}
			if err != nil && cureOf(err) != "" {
				return Verdict{}, err
			}
			if err != nil {
				return Verdict{}, WithCure(err, "allow the metadata service for this instance (HttpEndpoint enabled, hop limit 1 or more)")
			}
			p.launch, p.heard = was, true
			p.launch.Values = maps.Clone(was.Values)
			maps.Copy(p.launch.Values, values)
			return p.compare(values["instance.id"])
		},
		Apply: func(ctx context.Context) error { return p.adopt(ctx, p.launch.Values["instance.id"]) },
	}
}

// compare compares the id that this machine goes by with the one that the metadata service says.
func (p *provision) compare(id string) (Verdict, error) {
	switch {
	case !ec2ID.MatchString(id):
		return Verdict{}, fmt.Errorf("the metadata service says that this is %q, which is no instance id", id)
	case id == p.who.ID:
		return Verdict{OK: true, Text: "says the same"}, nil
	case p.who.Source == FromCredential:
		return Verdict{OK: true, Text: "calls it " + id}, nil // whoever started it gave it another name
	case p.who.Source == FromDMI:
		return Verdict{}, WithCure(fmt.Errorf("the metadata service says that this is %s, the firmware says %s", id, p.who.ID),
			StrangerCure)
	case ec2ID.MatchString(p.who.ID):
		return Verdict{Text: fmt.Sprintf("would make an identity for %s: this is not %s any more, from which its disk was copied", id, p.who.ID)}, nil
	}
	return Verdict{Text: fmt.Sprintf("would call %s by its name, %s", p.who.ID, id)}, nil
}

// adopt makes this the instance that the metadata service says it is. On EC2's Xen types the firmware does not show the id, so
// that identity had to go by something else: a provisional id, whose records and keys are given to the instance now, or the
// id of the instance that the disk was copied from, whose keys must not be served any longer.
func (p *provision) adopt(ctx context.Context, id string) error {
	was, now := p.who.ID, Instance{ID: id, Source: FromMetadata}
	copied := ec2ID.MatchString(was)
	if err := p.book.adopt(now, !copied); err != nil {
		return err
	}
	p.who.Instance, p.who.last = now, was
	if !copied {
		return keys.Rebind(p.agent.Root, was, id)
	}
	if err := p.agent.makeKeys(p.book, p.who, p.agent.nameFor(p.who, "")); err != nil {
		return err
	}
	if err := pass(p.agent.Root, id); err != nil {
		return err
	}
	return errors.Join(p.agent.printHostKeys(), p.agent.Outside.ReloadSSH(ctx))
}

// value is what a variable stands for.
func (p *provision) value(ctx context.Context, name string) (string, error) {
	if name == "instance.id" {
		return p.who.ID, nil
	}
	if value, ok := p.launch.Values[name]; ok && (!p.heard || !strings.HasPrefix(name, "tag.")) {
		return value, nil
	}
	tag, is := strings.CutPrefix(name, "tag.")
	switch {
	case p.dry:
		return "${" + name + "}", nil // not known before the boot that it is about
	case !p.heard:
		return "", WithCure(fmt.Errorf("${%s} is known to the metadata service only, and there is none", name), "set network.metadata to on, or write the value itself")
	case !is:
		return "", fmt.Errorf("${%s}: this instance has none", name)
	}
	value, err := p.agent.Outside.Tag(ctx, tag)
	if err == nil {
		p.launch.Values[name] = value
	}
	return value, err
}
