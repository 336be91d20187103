package main

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"github.com/leaven-dev/leaven/firstboot"
	"github.com/leaven-dev/leaven/internal/journal"
	"github.com/leaven-dev/leaven/internal/metadata"
	"github.com/leaven-dev/leaven/internal/nearest"
	"github.com/leaven-dev/leaven/internal/network"
	"github.com/leaven-dev/leaven/internal/systemd"
)

// outside is the world around this system, as first boot sees it.
func outside(log func(journal.Entry)) (*firstboot.Outside, error) {
	client, err := metadata.New(func(text string) {
		log(journal.Entry{Message: "metadata: " + text, Stage: string(firstboot.Provision), Step: "metadata"})
	})
	if err != nil {
		return nil, err
	}
	return &firstboot.Outside{
		Network: func(ctx context.Context, progress func(string)) (string, error) {
			found, err := network.Wait(ctx, network.Need{Resolver: true}, progress)
			if err != nil {
				return "", err
			}
			return found.String(), nil
		},
		Metadata: func(ctx context.Context) (map[string]string, error) { return values(ctx, client) },
		UserData: func(ctx context.Context) ([]byte, error) {
			data, _, err := client.UserData(ctx)
			return data, err
		},
		Tag: func(ctx context.Context, name string) (string, error) { return tag(ctx, client, name) },
		ReloadSSH: func(ctx context.Context) error {
			return systemd.ReloadOrRestart(ctx, "ssh.service", "sshd.service")
		},
		StartUnit: systemd.Start,
	}, nil
}

// values are what the metadata service knows, by the names that configurations use.
func values(ctx context.Context, client *metadata.Client) (map[string]string, error) {
	d, err := client.Document(ctx)
	if err != nil {
		return nil, err
	}
	six, _, err := client.Get(ctx, "ipv6")
	if err != nil {
		return nil, err
	}
	all := map[string]string{"instance.id": d.InstanceID, "instance.region": d.Region, "instance.zone": d.AvailabilityZone, "instance.ipv4": d.PrivateIP}
	if a, err := netip.ParseAddr(six); err == nil {
		all["instance.ipv6"] = a.String()
	}
	for name, value := range all {
		if value == "" {
			delete(all, name)
		}
	}
	return all, nil
}

// tag is the value of a tag of this instance. Which tags there are is only told where that was asked for.
func tag(ctx context.Context, client *metadata.Client, name string) (string, error) {
	value, found, err := client.Get(ctx, "tags/instance/"+name)
	if err != nil || found {
		return value, err
	}
	tags, err := client.Tags(ctx)
	switch {
	case err != nil:
		return "", err
	case tags == nil:
		return "", firstboot.WithCure(fmt.Errorf("${tag.%s}: tags are not in instance metadata", name),
			"allow it: `aws ec2 modify-instance-metadata-options --instance-metadata-tags enabled --instance-id ...`, or in the launch template")
	}
	return "", fmt.Errorf("${tag.%s}: the instance has no such tag%s", name, nearest.Hint(name, slices.Collect(maps.Keys(tags))))
}
