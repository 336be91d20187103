package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"

	"github.com/google/renameio/v2"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/leaven-dev/leaven/bake"
	"github.com/leaven-dev/leaven/bake/baseline"
	"github.com/leaven-dev/leaven/internal/rootfs"
)

// baselineFlag is --baseline, with or without a file. Without one the baseline lies in the tree.
type baselineFlag struct {
	flags *pflag.FlagSet
	file  string
}

func addBaselineFlag(fs *pflag.FlagSet, usage string) *baselineFlag {
	b := &baselineFlag{flags: fs}
	fs.StringVar(&b.file, "baseline", "", usage+"; in `FILE`, or in "+baseline.Path+" of the tree")
	fs.Lookup("baseline").NoOptDefVal = baseline.Path
	return b
}

// noArgsButBaseline takes no arguments but the file of "--baseline FILE": a flag whose value may be left out does not take
// the next word itself.
func noArgsButBaseline(cmd *cobra.Command, args []string) error {
	if len(args) == 1 && cmd.Flags().Changed("baseline") && cmd.Flag("baseline").Value.String() == baseline.Path {
		return nil
	}
	return cobra.NoArgs(cmd, args)
}

// chosen tells whether the flag was given, and takes the file from the arguments where it stands there.
func (b *baselineFlag) chosen(args []string) bool {
	if len(args) == 1 {
		b.file = args[0]
	}
	return b.flags.Changed("baseline")
}

func (b *baselineFlag) inTree() bool { return b.file == baseline.Path }

// read reads the baseline.
func (b *baselineFlag) read(root *rootfs.Root) (*baseline.Baseline, error) {
	var f io.ReadCloser
	var err error
	if b.inTree() {
		f, err = root.Open(b.file)
	} else {
		f, err = os.Open(b.file)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the baseline: %w (take one when the build starts: leaven bake --root %s --baseline)", err, root.Dir())
	}
	defer f.Close()
	base, err := baseline.Read(f)
	if err != nil {
		return nil, fmt.Errorf("cannot read the baseline %s: %w", b.file, err)
	}
	return base, nil
}

// takeBaseline remembers what a tree holds.
func takeBaseline(ctx context.Context, s *selection, out *output, b *baselineFlag) error {
	root, err := rootfs.Open(s.root)
	if err != nil {
		return err
	}
	defer root.Close()
	if s.rules, err = readRules(root); err != nil {
		return err
	}
	if err := s.resolve(root); err != nil {
		return err
	}
	mounts, err := bake.ForeignMounts(root, s.options.Cross)
	if err != nil {
		return err
	}
	foreign := map[string]bool{}
	for _, m := range mounts {
		foreign[m.Point] = true
	}
	base, unread := baseline.Take(ctx, root, func(dir string) bool { return !foreign[dir] })
	if base == nil {
		return fmt.Errorf("cannot take a baseline of %s: %w", s.root, unread)
	}
	if err := b.write(root, base); err != nil {
		return fmt.Errorf("cannot write the baseline: %w", err)
	}
	report := bake.BakeReport{
		Schema: "leaven/bake/1", Version: version, Root: s.root, Stage: s.given.Stage, Profile: s.options.Profile,
		Changes: []bake.Change{}, Unknown: []bake.Finding{},
		Notes: []string{fmt.Sprintf("baseline of %s in %s: %s, %s", s.root, b.file, count(len(base.Files), "file"), count(len(base.Packages), "package"))},
	}
	if unread != nil {
		report.Notes = append(report.Notes, unread.Error())
	}
	if out.format == "json" {
		return out.object(report)
	}
	for _, n := range report.Notes {
		out.note("%s", n)
	}
	return nil
}

// write puts the baseline where it belongs, readable by root alone: it lists every file.
func (b *baselineFlag) write(root *rootfs.Root, base *baseline.Baseline) error {
	var text bytes.Buffer
	if err := base.Write(&text); err != nil {
		return err
	}
	if b.inTree() {
		return root.WriteFile(b.file, text.Bytes(), 0o600)
	}
	return renameio.WriteFile(b.file, text.Bytes(), 0o600)
}
