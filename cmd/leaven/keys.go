package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/leaven-dev/leaven/firstboot"
	"github.com/leaven-dev/leaven/keys"
)

func newKeysCommand(p *program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "Make and show SSH host keys",
	}
	cmd.AddCommand(newKeysSSHCommand(p), newKeysFingerprintsCommand(p))
	return cmd
}

func newKeysSSHCommand(p *program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ssh",
		Short: "Make the SSH host keys of this instance, unless that was done; those of the image go",
		Args:  cobra.NoArgs,
	}
	dir := cmd.Flags().String("root", "/", "the tree to work on; / is this system")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		root, err := openRoot(*dir, true)
		if err != nil {
			return failed(err)
		}
		defer root.Close()
		lock, err := firstboot.Lock(cmd.Context(), root)
		if err != nil {
			return failed(err)
		}
		defer lock.Close()
		live, err := root.Live()
		if err != nil {
			return failed(err)
		}
		name, err := hostname(root, live)
		if err != nil {
			return failed(err)
		}
		instance, err := firstboot.Identify(root, os.Getenv("CREDENTIALS_DIRECTORY"))
		if err != nil {
			return failed(err)
		}
		if err := keys.Make(root, instance.ID, "root@"+name); err != nil {
			return failed(err)
		}
		list, err := keys.List(root)
		for _, key := range list {
			fmt.Fprintln(p.stdout, key)
		}
		return failed(err)
	}
	return cmd
}

func newKeysFingerprintsCommand(p *program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "fingerprints",
		Short: "Print the fingerprints of the SSH host keys, as ssh-keygen -l does",
		Args:  cobra.NoArgs,
	}
	dir := cmd.Flags().String("root", "/", "the tree to look at; / is this system")
	cmd.RunE = func(*cobra.Command, []string) error {
		root, err := openRoot(*dir, false)
		if err != nil {
			return failed(err)
		}
		defer root.Close()
		list, err := keys.List(root)
		for _, key := range list {
			fmt.Fprintln(p.stdout, key)
		}
		if err == nil && len(list) == 0 {
			err = fmt.Errorf("there is no SSH host key in %s", keys.Dir)
		}
		return failed(err)
	}
	return cmd
}
