package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/leaven-dev/leaven/firstboot"
	"github.com/leaven-dev/leaven/firstboot/config"
	"github.com/leaven-dev/leaven/firstboot/userdata"
	"github.com/leaven-dev/leaven/internal/schema"
)

func newConfigCommand(p *program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Check the configuration of first boot, show it with the origin of each value, or print its JSON Schema",
	}
	dir := cmd.PersistentFlags().String("root", "/", "the tree whose files are read; / is this system")

	check := &cobra.Command{
		Use:   "check [FILE]",
		Short: "Tell everything that is wrong, with file, line and column; exit 0 in order, 1 not",
		Long: `Tell everything that is wrong, with file, line and column; exit 0 in order, 1 not.

FILE is user data as EC2 would get it: YAML that begins with "#!/usr/bin/leaven firstboot --config", such a part of MIME
user data, or plain YAML. It is laid over the files in the tree as at first boot; without FILE, the user data is that which
the instance was launched with. What only the instance knows, ${...}, is not filled in.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			_, bare, err := readConfig(*dir, args)
			if err != nil {
				return failed(err)
			}
			text := "in order"
			if bare {
				text += "; as user data it needs the first line " + userdata.FirstLine
			}
			_, err = fmt.Fprintln(p.stderr, text)
			return failed(err)
		},
	}
	show := &cobra.Command{
		Use:   "show [FILE]",
		Short: "Show the configuration as it is with all layers, each value with its origin; secrets are left out",
		Long: `Show the configuration as it is with all layers, each value with its origin; secrets are left out.

FILE is user data; see leaven config check. Without it, an instance shows the user data that it was launched with.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			loaded, _, err := readConfig(*dir, args)
			if err != nil {
				return failed(err)
			}
			text, err := loaded.YAML()
			if err == nil {
				_, err = p.stdout.Write(text)
			}
			return failed(err)
		},
	}
	cmd.AddCommand(check, show, newSchemaCommand(p))
	return cmd
}

func newSchemaCommand(p *program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "schema",
		Short: "Print what can be configured: a JSON Schema for editors, or a table for people",
		Args:  cobra.NoArgs,
	}
	format := "json"
	cmd.Flags().Var(&choice{value: &format, from: []string{"json", "markdown"}}, "output", "json or markdown")
	cmd.RunE = func(*cobra.Command, []string) error {
		if format == "markdown" {
			_, err := fmt.Fprint(p.stdout, configDocument(config.Sections(&config.Config{}, sections()...)))
			return failed(err)
		}
		text, err := config.JSONSchema(sections()...)
		if err == nil {
			_, err = p.stdout.Write(text)
		}
		return failed(err)
	}
	return cmd
}

// readConfig lays a file of user data over the files of a tree; where none is named, that of the instance that the tree is. A bare one
// is YAML without the line that makes it Leaven's as user data.
func readConfig(dir string, args []string) (loaded *config.Loaded, bare bool, err error) {
	root, err := openRoot(dir, false)
	if err != nil {
		return nil, false, err
	}
	defer root.Close()
	layers, err := config.Files(root)
	if err != nil {
		return nil, false, err
	}
	if len(args) == 0 {
		launched, err := firstboot.UserData(root)
		if err != nil {
			return nil, false, err
		}
		layers = append(layers, launched...)
	}
	for _, name := range args {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, false, fmt.Errorf("cannot read the configuration: %w", err)
		}
		part, err := userdata.Find(data)
		if err == nil && part.None() && userdata.Others(data) {
			err = fmt.Errorf("nothing in it is for Leaven: the first line, or that of a part, must be `%s`", userdata.FirstLine)
		}
		if err != nil {
			return nil, false, fmt.Errorf("%s: %w", name, err)
		}
		layer := config.Layer{Name: name, Text: part.Text}
		if part.None() {
			layer.Text, bare = data, true
		} else if part.Where != "user data" {
			layer.Name = name + ", " + part.Where
		}
		layers = append(layers, layer)
	}
	parts := parts()
	if loaded, err = config.Load(layers, sectionsOf(parts)...); err != nil {
		return nil, false, err
	}
	return loaded, bare, firstboot.CheckOrder(root, loaded, parts)
}

// sections are those of the plugins.
func sections() []schema.Section { return sectionsOf(parts()) }

func sectionsOf(parts []firstboot.Part) []schema.Section {
	var list []schema.Section
	for _, part := range parts {
		list = append(list, part.Section)
	}
	return list
}
