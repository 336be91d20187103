package main

import (
	"context"
	"errors"
	"net/netip"

	"github.com/leaven-dev/leaven/firstboot"
	"github.com/leaven-dev/leaven/internal/controlplane"
	"github.com/leaven-dev/leaven/internal/journal"
	"github.com/leaven-dev/leaven/internal/metadata"
	"github.com/leaven-dev/leaven/internal/network"
	"github.com/leaven-dev/leaven/internal/systemd"
	"github.com/leaven-dev/leaven/mounts/nfs"
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
		Metadata: func(ctx context.Context) (map[string]string, error) {
			all, err := values(ctx, client)
			if errors.Is(err, metadata.ErrNoID) {
				err = firstboot.WithCure(err, firstboot.StrangerCure)
			}
			return all, err
		},
		UserData: func(ctx context.Context) ([]byte, error) {
			data, _, err := client.UserData(ctx)
			return data, err
		},
		Tag: client.Tag,
		CompleteHook: func(ctx context.Context, hook, group, instance, result string) (bool, error) {
			cfg, err := client.Config(ctx)
			if err != nil {
				return false, err
			}
			return controlplane.New(cfg).CompleteHook(ctx, hook, group, instance, result)
		},
		SetTag: func(ctx context.Context, instance, key, value string) error {
			cfg, err := client.Config(ctx)
			if err != nil {
				return err
			}
			return controlplane.New(cfg).SetTag(ctx, instance, key, value)
		},
		MountTargets: mountTargets(client),
		ReloadSSH: func(ctx context.Context) error {
			return systemd.ReloadOrRestart(ctx, "ssh.service", "sshd.service")
		},
		StartUnit: systemd.Start,
	}, nil
}

// mountTargets asks AWS where an EFS file system can be reached.
func mountTargets(client *metadata.Client) func(ctx context.Context, fileSystem, region string) ([]nfs.Target, error) {
	return func(ctx context.Context, fileSystem, region string) ([]nfs.Target, error) {
		cfg, err := client.Config(ctx)
		if err != nil {
			return nil, err
		}
		cfg.Region = region
		found, err := controlplane.New(cfg).MountTargets(ctx, fileSystem)
		var list []nfs.Target
		for _, t := range found {
			list = append(list, nfs.Target(t))
		}
		return list, err
	}
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
