//go:build agent

package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/leaven-dev/leaven/firstboot/install"
)

// wholeOnly lists the commands that the agent leaves to the whole program, which lies beside it in an image.
func wholeOnly(*program) []*cobra.Command {
	return []*cobra.Command{
		left("bake", "Seal an image: take out what belongs to the machine it was built on"),
		left("audit", "Look for what baking should have taken out, ways in, and secrets; change nothing"),
		left("rules", "List what baking takes out and what an audit looks for, or tell all about some rules"),
		left("install", "Put this program, its units and drop-ins for sshd into an image, and enable them"),
	}
}

// left hands a command over to the whole program, with all its arguments.
func left(name, short string) *cobra.Command {
	cmd := &cobra.Command{Use: name, Short: short, DisableFlagParsing: true}
	hand := func(args ...string) error {
		err := unix.Exec(install.Whole, append([]string{"leaven", name}, args...), os.Environ())
		return fmt.Errorf("this is the agent, and `leaven %s` needs the whole program: cannot run %s: %w; run `leaven install` of a whole leaven on this image, or use one by its path", name, install.Whole, err)
	}
	cmd.RunE = func(_ *cobra.Command, args []string) error { return hand(args...) }
	cmd.SetHelpFunc(func(cmd *cobra.Command, _ []string) {
		if err := hand("--help"); err != nil {
			fmt.Fprintln(cmd.ErrOrStderr(), err)
		}
	})
	return cmd
}
