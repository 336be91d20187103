// Package hashicorp knows Consul, Nomad, Vault and Boundary in the layouts of HashiCorp's packages and of common images.
package hashicorp

import "github.com/leaven-dev/leaven/bake"

// Plugin is HashiCorp's servers and agents.
type Plugin struct{}

// Name is the plugin's name.
func (Plugin) Name() string { return "hashicorp" }

const (
	consul = "/{var/lib/consul,var/consul,opt/consul,opt/consul/data,srv/consul,etc/consul.d/data,var/lib/consul/data}"
	nomad  = "/{var/lib/nomad,var/nomad,opt/nomad,opt/nomad/data,srv/nomad,etc/nomad.d/data,var/lib/nomad/data}"
	vault  = "/{var/lib/vault,opt/vault,opt/vault/data,srv/vault,var/lib/vault/data}"
)

// Rules take out what makes an agent a member; the data of a Consul or Nomad server is reported. Vault's goes: whoever has
// the image could try to unseal it.
func (Plugin) Rules() []bake.Rule {
	return []bake.Rule{
		{
			ID:        "consul-identity",
			Title:     "identity of a Consul agent",
			Why:       "two agents with one node ID push each other out of the cluster; the keyring opens its gossip",
			Source:    "Consul documentation, node ID; consul issue 3070",
			Where:     []string{consul + "/{node-id,checkpoint-signature,services,checks,proxy}", consul + "/serf/*", consul + "/acl-tokens.json", consul + "/auto-config.json"},
			Action:    bake.Delete,
			MadeAgain: "the agent, when it starts",
			Before:    [][]string{{"systemctl", "stop", "consul*.service"}},
			Secret:    true,
		},
		{
			ID:        "nomad-identity",
			Title:     "identity of a Nomad agent",
			Why:       "two clients with one ID are one node to the servers",
			Source:    "Nomad documentation, data_dir; node secret ID",
			Where:     []string{nomad + "/client/{client-id,secret-id,state.db}", nomad + "/{server,client}/{node-id,serf/*,serf.snapshot}", nomad + "/checkpoint-signature", nomad + "/server/keystore/*"},
			Action:    bake.Delete,
			MadeAgain: "the agent, when it starts",
			Before:    [][]string{{"systemctl", "stop", "nomad*.service"}},
			Secret:    true,
		},
		{
			ID:        "consul-nomad-data",
			Title:     "data of Consul and Nomad servers",
			Why:       "every clone starts as the same server; it may be what the image is for",
			Source:    "Consul and Nomad documentation, data_dir",
			Where:     []string{consul + "/raft", nomad + "/server/raft"},
			Action:    bake.Delete,
			Default:   bake.AuditOnly,
			MadeAgain: "joining a cluster, or bootstrapping one",
			Secret:    true,
		},
		{
			ID:        "vault-data",
			Title:     "data of Vault",
			Why:       "every clone is the same Vault, and whoever has the image has its encrypted secrets",
			Source:    "Vault documentation, integrated storage; vault agent's sinks",
			Where:     []string{vault + "/{vault.db,raft,node-id,core,logical,sys,auth}", "/var/lib/vault/*", "/etc/vault*/{token,.vault-token,*-token,role_id,secret_id,roleid,secretid}", "/run/vault/*"},
			Except:    []string{"/var/lib/vault/{plugins,tls,ui}"},
			Action:    bake.Delete,
			MadeAgain: "vault operator init, or joining a cluster",
			Before:    [][]string{{"systemctl", "stop", "vault*.service"}},
			Secret:    true,
		},
		{
			ID:        "hashicorp-tls",
			Title:     "private keys of Consul, Nomad and Vault",
			Why:       "all clones have them; Vault's package makes one when it is installed",
			Source:    "postinst of the vault package; Consul and Nomad documentation, TLS",
			Where:     []string{"/opt/vault/tls/*.key", "/etc/{consul,nomad,vault,boundary}.d/{*.key,*-key.pem,{tls,certs,ssl}/{*.key,*-key.pem}}", "/var/lib/vault/tls/*.key"},
			Action:    bake.Report,
			Default:   bake.AuditOnly,
			MadeAgain: "nothing: make them at first boot",
		},
	}
}
