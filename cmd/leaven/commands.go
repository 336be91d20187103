package main

import "github.com/spf13/cobra"

// commands lists every command, in the order in which help shows them.
func commands(p *program) []*cobra.Command {
	return append(wholeOnly(p),
		newUninstallCommand(p),
		newFirstbootCommand(p),
		newConfigCommand(p),
		newStatusCommand(p),
		newHealthCommand(p),
		newLeaveCommand(p),
		newMountsCommand(p),
		newKeysCommand(p),
	)
}
