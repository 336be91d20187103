//go:build !agent

package main

import "github.com/spf13/cobra"

// wholeOnly lists the commands that the agent does without. The agent is this program built with the tag "agent": what an instance
// needs at each boot. It is a fifth smaller, and a volume made from a snapshot is read when it is needed first.
func wholeOnly(p *program) []*cobra.Command {
	return []*cobra.Command{
		newBakeCommand(p),
		newAuditCommand(p),
		newRulesCommand(p),
		newInstallCommand(p),
	}
}
