package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/leaven-dev/leaven/e2e/golden"
	"github.com/leaven-dev/leaven/e2e/hubs"
	"github.com/leaven-dev/leaven/e2e/machine"
)

// hubDemo is policy hubs that vanish, as their clients see it.
type hubDemo struct {
	*progress
	vpc     *hubs.VPC
	image   *hubs.Image
	targets *hubs.Targets
	digest  string
	hubs    []*hubs.Machine // in the order of their letters
	clients []*hubs.Watch
	phases  []phase
}

// phase is a time in which nothing but the clients' runs happens.
type phase struct {
	title string
	began time.Time
}

// runHubs starts three hubs, a balancer and two clients, loses a hub, starts another, and tells what the clients saw. The error
// says that a client was shown another key, or failed twice in a row.
func runHubs(ctx context.Context, p *progress) (err error) {
	if err := machine.NeedRoot(); err != nil {
		return err
	}
	top, err := golden.Top()
	if err != nil {
		return err
	}
	logs := filepath.Join(top, ".cache", "demo-hubs")
	if err := errors.Join(os.RemoveAll(logs), os.MkdirAll(logs, 0o755)); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 15*time.Minute)
	defer cancel()

	d := &hubDemo{progress: p}
	p.step("a Debian image with CFEngine and Leaven, sealed with leaven bake (the root is made once, then cached)")
	if d.image, err = hubs.NewImage(ctx, "bookworm", filepath.Join(top, "bin", "leaven"), p.detail()); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.image.Close()) }()
	if d.vpc, err = hubs.NewVPC(ctx, logs); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.vpc.Close()) }()
	if d.targets, err = d.vpc.Balance(ctx); err != nil {
		return err
	}
	for _, part := range []func(context.Context) error{d.startHubs, d.startClients, d.watch} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	d.line("logs of the machines and of haproxy: " + relative(logs))
	return d.verdict()
}

// quote prints user data.
func (d *hubDemo) quote(text string) {
	for line := range strings.Lines(text) {
		d.line("   | " + strings.TrimRight(line, "\n"))
	}
}

// letter is the name of a hub in the tables.
func letter(i int) string { return string(rune('A' + i)) }

// startHubs boots three hubs at the same time, on an empty share.
func (d *hubDemo) startHubs(ctx context.Context) error {
	d.step("three policy hubs start at the same time, with an empty share and this user data")
	userData, err := d.vpc.HubUserData()
	if err != nil {
		return err
	}
	d.quote(userData)
	d.line("   (that of docs/cfengine-hubs.md without its mounts: a folder of this machine is mounted in the place of EFS)")
	return d.addHubs(ctx, userData, 3)
}

// addHubs starts hubs, puts them behind the balancer and waits until that finds them healthy.
func (d *hubDemo) addHubs(ctx context.Context, userData string, count int) error {
	for range count {
		m, err := d.vpc.New(ctx, d.image.Root, userData, d.vpc.Mounts()...)
		if err == nil {
			err = m.Boot(ctx)
		}
		if err == nil {
			err = d.targets.Register(ctx, m)
		}
		if err != nil {
			return err
		}
		d.hubs = append(d.hubs, m)
	}
	t := tabwriter.NewWriter(d.detail(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "HUB\tINSTANCE\tADDRESS\tKEY\tSERVES AFTER")
	for i := len(d.hubs) - count; i < len(d.hubs); i++ {
		m := d.hubs[i]
		s, err := m.OK(ctx)
		if err != nil {
			return err
		}
		key := hubs.Digest(s)
		if d.digest == "" {
			d.digest = key
		}
		if key != d.digest {
			return fmt.Errorf("hub %s has the key %s, and the others have %s", letter(i), key, d.digest)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%.1f s\n", letter(i), m.ID, m.Address, key, hubs.Took(s).Seconds())
	}
	t.Flush()
	for _, m := range d.hubs[len(d.hubs)-count:] {
		if err := d.targets.Await(ctx, m, true); err != nil {
			return err
		}
	}
	d.line("   healthy behind the balancer, " + hubs.Name + ":5308")
	return nil
}

// startClients boots two clients that know the balancer's name and the digest of the hubs' key.
func (d *hubDemo) startClients(ctx context.Context) error {
	d.step("two clients start; they know the balancer's name and the hubs' key")
	userData, err := d.vpc.ClientUserData(d.digest)
	if err != nil {
		return err
	}
	d.quote(userData)
	clients := make([]*hubs.Machine, 2)
	group, within := errgroup.WithContext(ctx)
	for i := range clients {
		group.Go(func() error {
			m, err := d.vpc.New(ctx, d.image.Root, userData)
			if err == nil {
				clients[i] = m
				err = m.Boot(ctx)
			}
			if err == nil {
				_, err = m.OK(within)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for i, m := range clients {
		d.line(fmt.Sprintf("   client %d, %s at %s, is bootstrapped", i+1, m.ID, m.Address))
		d.clients = append(d.clients, m.Watch(ctx, 300*time.Millisecond))
	}
	return nil
}

// watch is what the demo is about.
func (d *hubDemo) watch(ctx context.Context) error {
	d.step("each client fetches its policy again and again: cf-agent -f update.cf")
	defer func() {
		for _, w := range d.clients {
			w.Stop()
		}
	}()
	d.phase("all three hubs serve")
	if err := d.runs(ctx, 8); err != nil {
		return err
	}
	lost := d.hubs[1]
	d.phase("hub B is gone: no goodbye, no refusal")
	if err := lost.Lose(ctx); err != nil {
		return err
	}
	if err := d.targets.Await(ctx, lost, false); err != nil {
		return err
	}
	d.line("   the balancer has found out")
	if err := errors.Join(d.targets.Deregister(ctx, lost), d.runs(ctx, 6)); err != nil {
		return err
	}
	d.phase("hub D starts in its place, from the image")
	userData, err := d.vpc.HubUserData()
	if err != nil {
		return err
	}
	if err := d.addHubs(ctx, userData, 1); err != nil {
		return err
	}
	d.phase("hub D serves")
	return d.runs(ctx, 9)
}

func (d *hubDemo) phase(title string) {
	d.line("   -- " + title)
	d.phases = append(d.phases, phase{title, time.Now()})
}

// runs waits until each client has run so many times more.
func (d *hubDemo) runs(ctx context.Context, more int) error {
	group, within := errgroup.WithContext(ctx)
	for _, w := range d.clients {
		group.Go(func() error { return w.Await(within, more) })
	}
	return group.Wait()
}

// verdict prints what the clients saw.
func (d *hubDemo) verdict() error {
	d.step("what the clients saw: each letter is a run of cf-agent and names the hub that answered; x is a run that failed")
	connections := d.targets.Connections()
	letters := map[string]string{}
	for i, m := range d.hubs {
		letters[m.Address] = letter(i)
	}
	var bad []error
	t := tabwriter.NewWriter(d.detail(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\tCLIENT\tANSWERED BY\tRUNS\tFAILED\tLONGEST\tKEY SHOWN")
	for i, p := range d.phases {
		for n, w := range d.clients {
			seen, text, failed, longest := []hubs.Run{}, "", 0, time.Duration(0)
			for _, r := range w.Runs() {
				if r.Began.Before(p.began) || i+1 < len(d.phases) && !r.Began.Before(d.phases[i+1].began) {
					continue
				}
				seen, longest = append(seen, r), max(longest, r.Took)
				if r.Failure != "" {
					failed++
					text += "x"
					continue
				}
				by := "?"
				if answered := hubs.Answered(connections, w.Client, r); len(answered) > 0 {
					by = letters[answered[len(answered)-1]]
				}
				text += by
			}
			title := p.title
			if n > 0 {
				title = ""
			}
			fmt.Fprintf(t, "%s\t%d\t%s\t%d\t%d\t%.1f s\t%s\n", title, n+1, text, len(seen), failed, longest.Seconds(), strings.Join(hubs.Keys(seen), " "))
		}
	}
	t.Flush()
	for n, w := range d.clients {
		runs := w.Runs()
		for _, r := range runs {
			if r.Failure != "" {
				d.line(fmt.Sprintf("   client %d failed once, after %.1f s: %s", n+1, r.Took.Seconds(), r.Failure))
			}
		}
		if most := hubs.InARow(runs); most > 1 {
			bad = append(bad, fmt.Errorf("client %d failed %d times in a row", n+1, most))
		}
		if keys := hubs.Keys(runs); len(keys) != 1 || keys[0] != d.digest {
			bad = append(bad, fmt.Errorf("client %d was shown the keys %q, and the hubs' is %s", n+1, keys, d.digest))
		}
	}
	if err := errors.Join(bad...); err != nil {
		return err
	}
	d.line("no client was shown another key, none failed twice in a row, and nobody touched a client")
	return nil
}
