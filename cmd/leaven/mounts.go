package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/leaven-dev/leaven/firstboot/config"
	"github.com/leaven-dev/leaven/internal/metadata"
	"github.com/leaven-dev/leaven/internal/rootfs"
	"github.com/leaven-dev/leaven/internal/systemd"
	"github.com/leaven-dev/leaven/mounts"
	"github.com/leaven-dev/leaven/mounts/nfs"
	"github.com/leaven-dev/leaven/mounts/volume"
)

func newMountsCommand(p *program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "mounts",
		Short: "Show or bring about the mounts and volumes of the configuration, without the rest of first boot",
		Long: `Show or bring about the mounts and volumes of the configuration, without the rest of first boot.

The configuration is that of the tree's files; with --config, FILE is laid over it as user data would be. In a tree
that is not this system, fstab, folders and drop-ins are written and nothing is mounted: this is how an image gets its
lines. With --no-mount it is the same on the machine that an image is built on. First boot leaves lines that were written
so alone.`,
		Example: `  leaven mounts plan --config hub.yaml               # what would change
  leaven mounts apply --config hub.yaml --root /mnt  # into an image
  leaven mounts apply --config hub.yaml --no-mount   # into the image that this machine becomes`,
	}
	dir := cmd.PersistentFlags().String("root", "/", "the tree to work on; / is this system")
	later := cmd.PersistentFlags().Bool("no-mount", false, "write what later boots need; mount nothing, and ask nobody about this instance")
	file := cmd.PersistentFlags().String("config", "", "lay `FILE` over the configuration of the tree")
	sub := func(name, short string, change bool) *cobra.Command {
		return &cobra.Command{
			Use: name, Short: short, Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				root, err := openRoot(*dir, change)
				if err != nil {
					return failed(err)
				}
				defer root.Close()
				var files []string
				if *file != "" {
					files = []string{*file}
				}
				loaded, _, err := readConfig(*dir, files)
				if err != nil {
					return failed(err)
				}
				m, err := newMounting(cmd.Context(), p, root, *later, loaded)
				if err != nil {
					return failed(err)
				}
				if change {
					return failed(m.apply(cmd.Context()))
				}
				return failed(m.plan(cmd.Context()))
			},
		}
	}
	cmd.AddCommand(
		sub("plan", "Print what apply would do, a line each; change nothing", false),
		sub("apply", "Write fstab, folders and drop-ins, then mount, and print what was done; exit 1 when something is not mounted", true),
	)
	return cmd
}

// mounting is one run of the command.
type mounting struct {
	p       *program
	live    bool
	table   *mounts.Table
	host    *mounts.Host
	volumes []volume.Spec
	devices *volume.Host
}

func newMounting(ctx context.Context, p *program, root *rootfs.Root, later bool, loaded *config.Loaded) (*mounting, error) {
	live, err := root.Live()
	if err != nil {
		return nil, err
	}
	live = live && !later
	say := func(text string) { fmt.Fprintln(p.stderr, text) }
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
	return &mounting{p, live, table, &mounts.Host{Root: root, Mounter: mounter}, loaded.Volumes, volume.New(root, live, say)}, nil
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

// plan prints what apply would do.
func (m *mounting) plan(ctx context.Context) error {
	err := errors.Join(m.planTable(), m.planVolumes(ctx))
	for i, mount := range m.table.Mounts {
		if !m.live {
			break
		}
		ok, text, bad := m.host.Check(ctx, mount, m.table.Shares[i])
		err = errors.Join(err, bad)
		if !ok && bad == nil {
			m.say(mount, text)
		}
	}
	return err
}

func (m *mounting) planTable() error {
	changes, err := m.table.Plan()
	if err != nil {
		return err
	}
	for _, c := range changes {
		fmt.Fprintln(m.p.stdout, c)
	}
	problems, err := m.table.Problems()
	for _, problem := range problems {
		fmt.Fprintf(m.p.stderr, "warning: /etc/fstab has a line that programs cannot read, and that is not Leaven's: %s\n", problem)
	}
	return err
}

func (m *mounting) planVolumes(ctx context.Context) error {
	gone, err := m.devices.Unwanted(m.volumes)
	if err != nil {
		return err
	}
	for _, point := range gone {
		fmt.Fprintf(m.p.stdout, "remove %s from fstab\n", point)
	}
	for _, v := range m.volumes {
		plan, bad := m.devices.Plan(ctx, v)
		err = errors.Join(err, cured(bad))
		for _, action := range plan.Actions {
			fmt.Fprintf(m.p.stdout, "%s: %s\n", v.Name(), action)
		}
		if !m.live && bad == nil && plan.Done() {
			fmt.Fprintf(m.p.stderr, "%s\n", plan.State) // it may be left to first boot
		}
	}
	return err
}

func (m *mounting) say(mount mounts.Mount, text string) {
	fmt.Fprintf(m.p.stdout, "%s: %s\n", mount.At, strings.TrimPrefix(text, "would "))
}

// apply goes on where one fails: the others may be what somebody needs to mend it.
func (m *mounting) apply(ctx context.Context) error {
	failed := m.applyVolumes(ctx)
	if err := m.planTable(); err != nil {
		return errors.Join(failed, err)
	}
	changed, err := m.table.Apply(ctx)
	if err != nil || !m.live {
		return errors.Join(failed, err)
	}
	if booted, err := systemd.Running(); err == nil && booted && changed {
		failed = errors.Join(failed, systemd.Reload(ctx))
	}
	return errors.Join(failed, m.bring(ctx))
}

// bring has the mounts wait for their servers side by side, one in another for that one.
func (m *mounting) bring(ctx context.Context) error {
	list := m.table.Mounts
	through, failed := make([]chan struct{}, len(list)), make([]error, len(list))
	for i := range list {
		through[i] = make(chan struct{})
	}
	for i, mount := range list {
		go func() {
			defer close(through[i])
			for j, other := range list {
				if !strings.HasPrefix(mount.At, other.At+"/") {
					continue
				}
				if <-through[j]; failed[j] != nil {
					failed[i] = fmt.Errorf("cannot mount at %s: it lies in %s, which is not mounted", mount.At, other.At)
					return
				}
			}
			ok, text, _ := m.host.Check(ctx, mount, m.table.Shares[i]) // what is wrong, the next one says
			trying, cancel := context.WithTimeoutCause(ctx, mount.Deadline, fmt.Errorf("tried for %v", mount.Deadline))
			defer cancel()
			if failed[i] = m.host.Bring(trying, mount, m.table.Shares[i]); failed[i] == nil && !ok {
				m.say(mount, text)
			}
		}()
	}
	for _, c := range through {
		<-c
	}
	return errors.Join(failed...)
}

func (m *mounting) applyVolumes(ctx context.Context) error {
	if !m.live {
		if err := m.planVolumes(ctx); err != nil {
			return err
		}
	}
	gone, failed := m.devices.Prune(ctx, m.volumes)
	for _, point := range gone {
		if m.live {
			fmt.Fprintf(m.p.stdout, "remove %s from fstab\n", point)
		}
	}
	for _, v := range m.volumes {
		failed = errors.Join(failed, cured(m.devices.Apply(ctx, v)))
	}
	return failed
}

// cured says what to do about a volume that was refused.
func cured(err error) error {
	if r, ok := errors.AsType[*volume.Refusal](err); ok && r.Cure != "" {
		return fmt.Errorf("%w; %s", err, r.Cure)
	}
	return err
}
