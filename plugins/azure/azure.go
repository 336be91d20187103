// Package azure knows Azure's agent, for images that were brought over from there.
package azure

import "github.com/leaven-dev/leaven/bake"

// Plugin is Azure's agent.
type Plugin struct{}

// Name is the plugin's name.
func (Plugin) Name() string { return "azure" }

// Rules do what `waagent -deprovision` does, but for the accounts.
func (Plugin) Rules() []bake.Rule {
	return []bake.Rule{
		{
			ID:        "azure-agent",
			Title:     "state of Azure's agent",
			Why:       "it holds certificates with private keys and the answers that the build machine was made with",
			Source:    "WALinuxAgent, deprovision",
			Where:     []string{"/var/lib/waagent/*"},
			Except:    []string{"/var/lib/waagent/WALinuxAgent-*"}, // the agent's own newer version
			Action:    bake.Delete,
			MadeAgain: "the agent, when it starts",
			Secret:    true,
		},
		{
			ID:        "hyperv-data",
			Title:     "what the hypervisor told the machine",
			Why:       "it names the build machine and its host",
			Source:    "hv_kvp_daemon(8)",
			Where:     []string{"/var/lib/hyperv/.kvp_pool_[0-9]"},
			Action:    bake.Delete,
			MadeAgain: "hv_kvp_daemon, when it starts",
		},
		{
			ID:        "azure-arc",
			Title:     "identity of an Azure Arc machine",
			Why:       "clones pose as one machine",
			Source:    "azcmagent documentation",
			Where:     []string{"/var/opt/azcmagent/{certs/*,agentconfig.json,tokens/*}"},
			Action:    bake.Delete,
			MadeAgain: "azcmagent connect",
			Secret:    true,
		},
	}
}
