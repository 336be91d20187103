// Command packer-plugin-leaven is the Packer plugin. Packer starts it; people install it and write `provisioner "leaven"`.
package main

import (
	"fmt"
	"os"

	"github.com/hashicorp/packer-plugin-sdk/plugin"

	"github.com/leaven-dev/leaven/packer/agent"
	"github.com/leaven-dev/leaven/packer/provisioner"
	pluginversion "github.com/leaven-dev/leaven/packer/version"
)

// version is set by the build, to the same as that of the agents inside: -ldflags "-X main.version=v1.2.3".
var version = "dev"

func main() {
	set := plugin.NewSet()
	set.SetVersion(pluginversion.Plugin(version))
	set.RegisterProvisioner(plugin.DEFAULT_NAME, provisioner.New(version, agent.Embedded()))
	if err := set.Run(); err != nil {
		fmt.Fprintf(os.Stderr, "packer-plugin-leaven: %v\n", err)
		os.Exit(1)
	}
}
