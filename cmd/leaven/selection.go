package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"github.com/leaven-dev/leaven/bake"
	"github.com/leaven-dev/leaven/bake/audit"
	"github.com/leaven-dev/leaven/bake/settings"
	"github.com/leaven-dev/leaven/bake/vendor"
	"github.com/leaven-dev/leaven/internal/rootfs"
	"github.com/leaven-dev/leaven/plugins/all"
)

// selection are the flags that bake and audit share: they must see the same tree through the same rules.
type selection struct {
	root     string
	given    bake.Options // as the command line has it
	switches []string     // "ID=on"
	config   string
	deadline time.Duration
	flags    *pflag.FlagSet
	stay     []string // paths that this one run leaves alone

	// What follows from the flags and from the tree's own settings; set by open.
	options bake.Options
	checks  audit.Options // of which only what bake.yaml and the shared flags say is set
	rules   rules
	from    string // the settings' file, where there is one
}

// rules are all that apply to a tree.
type rules struct {
	list   []bake.Rule
	origin map[string]string // rule id → vendor's file
}

func addSelectionFlags(fs *pflag.FlagSet) *selection {
	s := &selection{flags: fs}
	fs.StringVar(&s.root, "root", "", "the tree to work on; / is this system")
	fs.StringVar(&s.given.Profile, "profile", "ami", "what the image is for: "+list(profileNames()))
	fs.StringSliceVar(&s.given.Skip, "skip", nil, "leave alone what these rules find")
	fs.StringSliceVar(&s.given.Only, "only", nil, "use no rules but these")
	fs.StringArrayVar(&s.given.Keep, "keep", nil, "leave this path alone, with all below it; wildcards as in rules")
	fs.StringArrayVar(&s.given.Cross, "cross", nil, "treat what is mounted here as part of the image")
	fs.StringSliceVar(&s.switches, "rule", nil, "switch one rule: ID=on, ID=off or ID=audit")
	fs.StringVar(&s.config, "config", "", "read the settings from this file instead of "+settings.Path+" in the tree; /dev/null for none")
	fs.DurationVar(&s.deadline, "deadline", 0, "give up after this time (10m); 0 is never")
	return s
}

// within bounds the run by the deadline.
func (s *selection) within(ctx context.Context) (context.Context, context.CancelFunc) {
	if s.deadline == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, s.deadline, fmt.Errorf("the deadline of %v is over", s.deadline))
}

// plan opens the tree and plans. The caller closes the root.
func (s *selection) plan() (*rootfs.Root, *bake.Plan, error) {
	root, err := rootfs.Open(s.root)
	if err != nil {
		return nil, nil, err
	}
	plan, err := s.planIn(root)
	if err != nil {
		root.Close()
		return nil, nil, err
	}
	return root, plan, nil
}

func (s *selection) planIn(root *rootfs.Root) (*bake.Plan, error) {
	var err error
	if s.rules, err = readRules(root); err != nil {
		return nil, err
	}
	if err := s.resolve(root); err != nil {
		return nil, err
	}
	chosen := s.rules.list
	if len(s.given.Only) > 0 && len(s.options.Only) == 0 {
		chosen = nil // only checks of the audit were asked for
	}
	catalogue, err := bake.NewCatalogue(chosen)
	if err != nil {
		return nil, err
	}
	o := s.options
	o.Keep = slices.Concat(o.Keep, s.stay)
	return bake.NewPlan(root, catalogue, o)
}

// readRules collects the rules of vendors, whose files lie in the tree, of plugins and of bake. Vendors' come first: they
// know their software best.
func readRules(root *rootfs.Root) (rules, error) {
	builtin := all.Rules()
	v, err := vendor.Read(root, builtin)
	if err != nil {
		return rules{}, err
	}
	return rules{list: slices.Concat(v.List, builtin), origin: v.Origin}, nil
}

// known is what settings may name.
func (r rules) known() settings.Known {
	known := settings.Known{Profiles: profileNames()}
	for _, rule := range r.list {
		known.Rules = append(known.Rules, rule.ID)
	}
	for _, c := range audit.Checks() {
		known.Checks = append(known.Checks, c.ID)
	}
	return known
}

// resolve puts the flags and the settings together. Lists add up; a profile or a switch on the command line wins.
func (s *selection) resolve(root *rootfs.Root) error {
	known := s.rules.known()
	set, err := s.readSettings(root, known)
	if err != nil {
		return err
	}
	o := s.given
	if set.Profile != "" && !s.flags.Changed("profile") {
		o.Profile = set.Profile
	}
	for _, mount := range o.Cross {
		if !path.IsAbs(mount) {
			return fmt.Errorf("cannot cross %q: name the mount point as it is seen inside the root, such as /data", mount)
		}
	}
	o.Keep = slices.Concat(o.Keep, set.Keep)
	o.Cross = slices.Concat(o.Cross, set.Cross)
	skip := slices.Concat(o.Skip, set.Skip)
	o.Switches = map[string]bake.Default{}
	for id, to := range set.Rules {
		o.Switches[id] = bake.Default(to)
	}
	for _, text := range s.switches {
		id, to, _ := strings.Cut(text, "=")
		err := known.ID(id)
		if err == nil {
			err = known.Switch(id, settings.Switch(to))
		}
		if err != nil {
			return fmt.Errorf("cannot switch %q: %w", text, err)
		}
		if slices.Contains(known.Checks, id) {
			skip = append(skip, id)
		} else {
			o.Switches[id] = bake.Default(to)
		}
	}
	for _, id := range slices.Concat(o.Only, skip) {
		if err := known.ID(id); err != nil {
			return fmt.Errorf("%w: `leaven rules` lists them", err)
		}
	}
	s.checks = audit.Options{Profile: o.Profile, Only: o.Only, Skip: skip, Cross: o.Cross, Salt: set.Salt, Allow: set.Allow}
	isCheck := func(id string) bool { return !slices.Contains(known.Rules, id) }
	o.Only = slices.DeleteFunc(slices.Clone(o.Only), isCheck)
	o.Skip = slices.DeleteFunc(slices.Clone(skip), isCheck)
	s.options = o
	return nil
}

func (s *selection) readSettings(root *rootfs.Root, known settings.Known) (settings.Settings, error) {
	name, read := settings.Path, root.ReadFile
	if s.config != "" {
		name, read = s.config, os.ReadFile
	}
	text, err := read(name)
	if s.config == "" && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)) {
		return settings.Settings{}, nil
	}
	if err != nil {
		return settings.Settings{}, fmt.Errorf("cannot read the settings: %w", err)
	}
	if len(text) > 0 {
		s.from = name
	}
	return settings.Parse(name, text, known)
}

func profileNames() []string {
	var names []string
	for _, p := range bake.Profiles() {
		names = append(names, p.Name)
	}
	return names
}
