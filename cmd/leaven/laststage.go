package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/leaven-dev/leaven/bake"
	"github.com/leaven-dev/leaven/bake/laststage"
	"github.com/leaven-dev/leaven/internal/rootfs"
	"github.com/leaven-dev/leaven/internal/seal"
)

// armLastStage makes the system seal itself at shutdown with the same choices as now.
func (s *selection) armLastStage(ctx context.Context, root *rootfs.Root, b baking) error {
	mounts, err := bake.ImageMounts(root, s.options.Cross)
	if err != nil {
		return err
	}
	// The choices are those of now, so the settings, which lie in the image or where the build put them, are not read again.
	args := []string{"bake", "--root", "/", "--stage", "all", "--final", "--deadline", "10m", "--config", "/dev/null", "--profile", s.options.Profile}
	if b.overwrite {
		args = append(args, "--overwrite")
	}
	if b.zeroFree {
		args = append(args, "--zero-free")
	}
	for _, id := range slices.Sorted(maps.Keys(s.options.Switches)) {
		args = append(args, "--rule", id+"="+string(s.options.Switches[id]))
	}
	for flag, values := range map[string][]string{"--skip": s.options.Skip, "--keep": s.options.Keep, "--cross": s.options.Cross} {
		for _, v := range values {
			args = append(args, flag, v)
		}
	}
	return laststage.Arm(ctx, args, mounts)
}

// proof looks at the tree again after sealing and says what was done and what is left.
func (s *selection) proof(r bake.BakeReport) (seal.Seal, error) {
	root, plan, err := s.plan()
	if err != nil {
		return seal.Seal{}, err
	}
	root.Close()
	proof := seal.Seal{
		Schema: seal.Schema, Version: version, Profile: r.Profile, Time: time.Now().UTC().Truncate(time.Second),
		Catalogue: plan.Catalogue(), Rules: []seal.Rule{}, Left: []seal.Left{},
	}
	for _, group := range byRule(r.Changes, func(c bake.Change) string { return c.Rule }) {
		done := seal.Rule{Rule: group[0].Rule, Paths: len(group)}
		for _, c := range group {
			done.Bytes += c.Bytes
			if c.Result != bake.Done {
				done.Failed++
			}
		}
		proof.Rules = append(proof.Rules, done)
	}
	left := bake.Auditing{}.Findings(plan)
	for _, group := range byRule(left, func(f bake.Finding) string { return f.Rule + string(f.State) }) {
		if group[0].Severity == bake.Error {
			proof.Left = append(proof.Left, seal.Left{Rule: group[0].Rule, State: string(group[0].State), Paths: len(group)})
		}
	}
	return proof, nil
}

// announce says on the console what the last stage did. Nobody can be told in another way: SSH is gone.
func announce(p seal.Seal) error {
	paths, left := 0, 0
	for _, r := range p.Rules {
		paths += r.Paths
	}
	for _, l := range p.Left {
		left += l.Paths
	}
	line := fmt.Sprintf("leaven: sealed: %s, nothing left", count(paths, "path"))
	if left > 0 {
		line = fmt.Sprintf("leaven: NOT sealed: %s left, see %s in the image", count(left, "path"), seal.Path)
	}
	console, err := os.OpenFile("/dev/console", os.O_WRONLY|syscall.O_NOCTTY, 0)
	if err != nil {
		return fmt.Errorf("cannot tell the console: %w", err)
	}
	defer console.Close()
	_, err = console.WriteString("\r\n" + line + "\r\n")
	syscall.Sync()
	return err
}
