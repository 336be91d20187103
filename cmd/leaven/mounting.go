package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/leaven-dev/leaven/firstboot/config"
	"github.com/leaven-dev/leaven/internal/metadata"
	"github.com/leaven-dev/leaven/internal/rootfs"
	"github.com/leaven-dev/leaven/mounts"
	"github.com/leaven-dev/leaven/mounts/nfs"
	"github.com/leaven-dev/leaven/mounts/volume"
)

// mounting is one run of the command.
type mounting struct {
	out     *output
	live    bool
	table   *mounts.Table
	host    *mounts.Host
	volumes []volume.Spec
	devices *volume.Host
}

func newMounting(ctx context.Context, out *output, root *rootfs.Root, later bool, loaded *config.Loaded) (*mounting, error) {
	live, err := root.Live()
	if err != nil {
		return nil, err
	}
	live = live && !later
	say := func(text string) { out.aside("%s", text) }
	client, err := metadata.New(say)
	if err != nil {
		return nil, err
	}
	where := map[string]string{} // what the metadata service says; asked only where something depends on it
	region := os.Getenv("AWS_REGION")
	if live && needsInstance(loaded.Mounts, region) {
		if where, err = values(ctx, client); err != nil {
			return nil, err
		}
	}
	if region == "" {
		region = where["instance.region"]
	}
	if err := fillIn(ctx, loaded, live, where, client); err != nil {
		return nil, err
	}
	table, err := mounts.NewTable(root, mounts.ByHand, region, loaded.Mounts)
	if err != nil {
		return nil, err
	}
	mounter := nfs.New()
	mounter.Tell, mounter.Targets, mounter.Zone = say, mountTargets(client), where["instance.zone"]
	return &mounting{out, live, table, &mounts.Host{Root: root, Mounter: mounter}, loaded.Volumes, volume.New(root, live, say)}, nil
}

// needsInstance tells whether something about the mounts is known to the instance only.
func needsInstance(list []mounts.Mount, region string) bool {
	for _, m := range list {
		if m.EFS != "" && m.Region == "" && m.Zone == "" && region == "" || strings.Contains(fmt.Sprint(m), "${") {
			return true
		}
	}
	return false
}

// fillIn fills in ${...}. What is not known here matters only where a mount has it.
func fillIn(ctx context.Context, loaded *config.Loaded, live bool, where map[string]string, client *metadata.Client) error {
	unknown := errors.New("only the running instance knows that")
	value := func(name string) (string, error) {
		if v, ok := where[name]; ok {
			return v, nil
		}
		if tag, is := strings.CutPrefix(name, "tag."); is && live && len(where) > 0 {
			v, err := client.Tag(ctx, tag)
			if err == nil {
				return v, nil
			}
			unknown = err
		}
		return "${" + name + "}", nil
	}
	err := loaded.Expand(
		func(text string) (string, error) { return config.Expand(text, value) },
		func(text string) (string, error) { return text, nil },
	)
	if err != nil {
		return err
	}
	for _, m := range loaded.Mounts {
		if strings.Contains(fmt.Sprint(m), "${") {
			return fmt.Errorf("cannot fill in what the mount at %s has in ${...}: %w", m.At, unknown)
		}
	}
	return nil
}
