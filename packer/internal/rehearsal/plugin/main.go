// Command plugin is the Packer plugin with stand-ins for agents: tests run real builds with it against this machine, which
// the real agent would seal. It is the same plugin but for the folder that the agents come from.
package main

import (
	"fmt"
	"os"

	"github.com/hashicorp/packer-plugin-sdk/plugin"

	"github.com/leaven-dev/leaven/packer/agent"
	"github.com/leaven-dev/leaven/packer/internal/rehearsal"
	"github.com/leaven-dev/leaven/packer/provisioner"
	"github.com/leaven-dev/leaven/packer/version"
)

func main() {
	agents := agent.In(os.DirFS(os.Getenv(rehearsal.AgentsVariable)))
	set := plugin.NewSet()
	set.SetVersion(version.Plugin(rehearsal.Version))
	set.RegisterProvisioner(plugin.DEFAULT_NAME, provisioner.New(rehearsal.Version, agents))
	if err := set.Run(); err != nil {
		fmt.Fprintf(os.Stderr, "rehearsal plugin: %v\n", err)
		os.Exit(1)
	}
}
