package main

import (
	"context"

	"github.com/spf13/cobra"
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
	out := addOutputFlags(cmd.PersistentFlags(), p, "text", "jsonl")
	sub := func(name, short string, change bool) *cobra.Command {
		return &cobra.Command{
			Use: name, Short: short, Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				out.begin()
				return out.end(failed(runMounts(cmd.Context(), out, *dir, *file, *later, change)))
			},
		}
	}
	cmd.AddCommand(
		sub("plan", "Print what apply would do, a line each; change nothing", false),
		sub("apply", "Write fstab, folders and drop-ins, then mount, and print what was done; exit 1 when something is not mounted", true),
	)
	return cmd
}

// runMounts shows or brings about what the configuration of a tree says.
func runMounts(ctx context.Context, out *output, dir, file string, later, change bool) error {
	root, err := openRoot(dir, change)
	if err != nil {
		return err
	}
	defer root.Close()
	var files []string
	if file != "" {
		files = []string{file}
	}
	loaded, _, err := readConfig(dir, files)
	if err != nil {
		return err
	}
	m, err := newMounting(ctx, out, root, later, loaded)
	if err != nil {
		return err
	}
	if change {
		return m.apply(ctx)
	}
	return m.plan(ctx)
}
