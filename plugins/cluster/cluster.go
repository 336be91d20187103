// Package cluster knows servers that form clusters and storage pools and carry an identity of their own in them.
package cluster

import "github.com/leaven-dev/leaven/bake"

// Plugin is cluster software.
type Plugin struct{}

// Name is the plugin's name.
func (Plugin) Name() string { return "cluster" }

// Rules take out identifiers that the software makes again.
func (Plugin) Rules() []bake.Rule {
	return []bake.Rule{
		{
			ID:        "gluster-id",
			Title:     "UUID of a Gluster server",
			Why:       "a server with its peer's UUID is refused",
			Source:    "Gluster documentation, glusterd.info",
			Where:     []string{"/var/lib/glusterd/{glusterd.info,peers/*}"},
			Action:    bake.Delete,
			MadeAgain: "glusterd, when it starts",
			Before:    [][]string{{"systemctl", "stop", "glusterd*.service"}},
		},
		{
			ID:        "graylog-node",
			Title:     "node ID of Graylog",
			Why:       "servers with one ID are one node",
			Source:    "Graylog documentation, node_id_file",
			Where:     []string{"/etc/graylog/{server,sidecar,datanode}/node-id", "/etc/graylog/sidecar/node-token"},
			Action:    bake.Delete,
			MadeAgain: "the server, when it starts",
		},
		{
			ID:        "elastic-ids",
			Title:     "IDs of Logstash, Kibana and Beats",
			Why:       "monitoring takes clones for one instance, and Beats go on where the parent stopped reading",
			Source:    "Elastic documentation, path.data",
			Where:     []string{"/var/lib/{logstash,kibana}/uuid", "/var/lib/{filebeat,metricbeat,heartbeat,auditbeat,packetbeat,winlogbeat,journalbeat}/{meta.json,registry}", "/var/lib/filebeat/registry/*", "/{opt/Elastic/Agent,var/lib/elastic-agent,etc/elastic-agent}/{fleet.enc,fleet.yml.lock,state.enc,state.yml}"},
			Action:    bake.Delete,
			MadeAgain: "the programs, when they start",
			Secret:    true,
		},
		{
			ID:        "container-manager-keys",
			Title:     "keys of LXD and Incus",
			Why:       "clones serve the same key, and whoever trusts one trusts all",
			Source:    "LXD documentation, authentication",
			Where:     []string{"/var/{lib/lxd,lib/incus,snap/lxd/common/lxd}/{server,cluster}.{crt,key}"},
			Action:    bake.Delete,
			Default:   bake.AuditOnly, // other servers trust this one by it
			MadeAgain: "the daemon, when it starts",
			Secret:    true,
		},
		{
			ID:        "teleport-identity",
			Title:     "identity of a Teleport agent",
			Why:       "clones are one node, with its keys",
			Source:    "Teleport documentation, data_dir",
			Where:     []string{"/var/lib/teleport/{host_uuid,proc,*_ca.cert}"},
			Action:    bake.Delete,
			MadeAgain: "teleport, with a join token",
			Secret:    true,
		},
	}
}
