// Package monitoring knows what agents of monitoring keep to tell hosts apart, and how far they have read.
package monitoring

import "github.com/leaven-dev/leaven/bake"

// Plugin is agents of monitoring.
type Plugin struct{}

// Name is the plugin's name.
func (Plugin) Name() string { return "monitoring" }

// Rules take out identifiers and positions; keys in settings are a matter of package secrets.
func (Plugin) Rules() []bake.Rule {
	return []bake.Rule{
		{
			ID:     "monitoring-ids",
			Title:  "identifiers of monitoring agents",
			Why:    "clones report as one host",
			Source: "documentation of the agents",
			Where: []string{
				"/etc/datadog-agent/{auth_token,install.json,ipc_cert.pem}", "/opt/datadog-agent/run/*", "/var/db/newrelic-infra/{data,.identity}/*", "/var/db/newrelic-infra/agent-id*",
				"/var/lib/netdata/registry/netdata.public.unique.id", "/var/lib/netdata/{cloud.d,bearer_tokens}/*", "/opt/splunk{forwarder,}/etc/instance.cfg", "/opt/splunk{forwarder,}/var/lib/splunk/fishbucket/*",
				"/var/lib/{grafana-agent/agent_seed.json,alloy/data/alloy_seed.json,grafana-alloy/alloy_seed.json}", "/etc/agent/agent_seed.json", "/var/lib/dynatrace/oneagent/agent/config/ruxithost.id",
				"/opt/SumoCollector/config/creds/*", "/var/lib/otelcol-sumo/credentials/*", "/var/osquery/osquery.db",
			},
			Action:    bake.Delete,
			MadeAgain: "the agent, when it starts",
			Secret:    true,
		},
		{
			ID:        "splunk-secret",
			Title:     "secret of Splunk",
			Why:       "whoever has the image can read the passwords in the settings of every clone; without it they cannot be read at all",
			Source:    "Splunk documentation, splunk.secret and clone-prep-clear-config",
			Where:     []string{"/opt/splunk{forwarder,}/etc/auth/splunk.secret"},
			Action:    bake.Report,
			Default:   bake.AuditOnly,
			MadeAgain: "Splunk, at its first start, where no setting is encrypted with the old one",
		},
		{
			ID:     "monitoring-positions",
			Title:  "how far log shippers have read",
			Why:    "a clone goes on in its parent's logs and skips its own",
			Source: "documentation of Fluentd, Fluent Bit, Promtail, Vector, rsyslog and syslog-ng",
			Where: []string{
				"/var/log/{td-agent,fluent,fluentd}/*.pos", "/var/lib/{fluent-bit,td-agent-bit,fluent,fluentd}/*.{pos,db,db-shm,db-wal}", "/var/lib/promtail/positions.yaml", "/run/promtail/positions.yaml", "/var/lib/vector/*",
				"/var/lib/rsyslog/imjournal.state", "/var/spool/rsyslog/imjournal.state", "/var/lib/{rsyslog,syslog-ng}/*.{state,persist,qi,qf,[0-9]*}", "/var/lib/{,private/}systemd/journal-upload/state", "/var/spool/rsyslog/*",
			},
			Files:     true,
			Action:    bake.Delete,
			Stage:     bake.Shutdown,
			MadeAgain: "the shipper",
		},
	}
}
