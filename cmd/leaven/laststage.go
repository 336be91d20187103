package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/leaven-dev/leaven/bake"
	"github.com/leaven-dev/leaven/bake/laststage"
	"github.com/leaven-dev/leaven/internal/rootfs"
)

// armLastStage makes the system seal itself at shutdown with the same choices as now.
func (s *selection) armLastStage(ctx context.Context, root *rootfs.Root, b baking) error {
	mounts, err := bake.ImageMounts(root, s.options.Cross)
	if err != nil {
		return err
	}
	deadline := 10 * time.Minute
	if b.zeroFree {
		deadline = laststage.Longest - time.Minute // it takes as long as writing to all that is free
	}
	// The choices are those of now, so the settings, which lie in the image or where the build put them, are not read again.
	args := []string{"bake", "--root", "/", "--stage", "all", "--final", "--deadline", deadline.String(), "--config", "/dev/null", "--profile", s.options.Profile}
	if b.overwrite {
		args = append(args, "--overwrite")
	}
	if b.zeroFree {
		args = append(args, "--zero-free")
	}
	for _, id := range slices.Sorted(maps.Keys(s.options.Switches)) {
		args = append(args, "--rule", id+"="+string(s.options.Switches[id]))
	}
	for flag, values := range map[string][]string{"--skip": s.options.Skip, "--only": s.given.Only, "--keep": s.options.Keep, "--cross": s.options.Cross} {
		for _, v := range values {
			args = append(args, flag, v)
		}
	}
	return laststage.Arm(ctx, args, mounts, min(deadline+5*time.Minute, laststage.Longest))
}

// armedNote tells what is to come, and how to prevent it.
const armedNote = "the last stage is armed: this system seals itself when it powers off or halts; a reboot drops that, and `leaven bake --disarm` takes it back"

// runDisarm takes back that the running system seals itself.
func runDisarm(cmd *cobra.Command, s *selection, out *output) error {
	if odd := given(cmd, func(name string) bool {
		return !slices.Contains([]string{"disarm", "root", "output", "nonce", "deadline"}, name)
	}); len(odd) > 0 {
		return fmt.Errorf("--disarm seals nothing: leave out %s", list(odd))
	}
	if s.root == "" {
		s.root = "/"
	}
	root, err := rootfs.Open(s.root)
	if err != nil {
		return err
	}
	defer root.Close()
	live, err := root.Live()
	switch {
	case err != nil:
		return err
	case !live:
		return errors.New("--disarm is for the running system: leave --root out, or use --root /")
	case os.Geteuid() != 0:
		return errors.New("disarming the last stage needs root rights: use sudo")
	}
	ctx, cancel := s.within(cmd.Context())
	defer cancel()
	out.begin()
	return out.end(disarm(ctx, s, out))
}

// given lists the flags on the command line whose names are odd beside what else stands there.
func given(cmd *cobra.Command, odd func(name string) bool) (flags []string) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if odd(f.Name) {
			flags = append(flags, "--"+f.Name)
		}
	})
	return flags
}

func disarm(ctx context.Context, s *selection, out *output) error {
	was, err := laststage.Disarm(ctx)
	if err != nil {
		return failed(err)
	}
	said := "the last stage was not armed: nothing to do"
	if was {
		said = "the last stage is disarmed: this system is not sealed when it powers off; an image of it would hold what is still there"
	}
	if out.format == "json" {
		return out.object(bake.BakeReport{
			Schema: "leaven/bake/1", Version: version, Root: s.root, Stage: bake.Shutdown, Profile: s.given.Profile,
			Changes: []bake.Change{}, Unknown: []bake.Finding{}, Notes: []string{said},
		})
	}
	out.note("%s", said)
	return nil
}

// heldNotes say what is left to the last stage because the build still needs it.
func heldNotes(p *bake.Plan) (notes []string) {
	for _, group := range byRule(p.Held, func(it bake.Item) string { return it.Rule.ID }) {
		var paths []string
		for _, it := range group[:min(len(group), maxPaths)] {
			paths = append(paths, bake.Quote(it.Path))
		}
		if hidden := len(group) - len(paths); hidden > 0 {
			paths = append(paths, fmt.Sprintf("%d more", hidden))
		}
		notes = append(notes, fmt.Sprintf("%s: left to the last stage, as the build still needs it: %s", group[0].Rule.ID, strings.Join(paths, ", ")))
	}
	return notes
}
