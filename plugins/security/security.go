// Package security knows security agents. What they keep is not taken out unless somebody asks: an agent that loses its
// identity in the wrong way may take itself for tampered with, and each vendor has a way of its own to prepare an image.
package security

import "github.com/leaven-dev/leaven/bake"

// Plugin is security agents.
type Plugin struct{}

// Name is the plugin's name.
func (Plugin) Name() string { return "security" }

// Rules report registrations.
func (Plugin) Rules() []bake.Rule {
	return []bake.Rule{
		{
			ID:     "security-agents",
			Title:  "registrations of security agents",
			Why:    "clones are one host to the console, which shows one and loses the others",
			Source: "the vendors' guides for golden images",
			Where: []string{
				"/opt/CrowdStrike/falconstore{,.bak}", "/etc/qualys/hostid", "/usr/local/qualys/cloud-agent/{Default_Config.db,Config.db}",
				"/etc/{tenable_tag,machine_id}", "/opt/nessus{,_agent}/var/nessus/{master.key,uuid,global.db,plugins-attributes.db}", "/var/ossec/etc/client.keys", "/opt/sentinelone/{configuration/*,model/*}",
				"/etc/opt/microsoft/mdatp/mdatp_onboard.json", "/var/opt/ds_agent/dsa_core/{ds_agent.crt,ds_agent.config,ds_agent_dsm.crt}", "/opt/rapid7/ir_agent/components/bootstrap/common/{bootstrap.cfg,ssl/*.key}",
				"/opt/traps/persist/*", "/opt/jc/{jcagent.conf,client.key}", "/opt/Tanium/TaniumClient/{Client.db,pki.db,TaniumClient.ini}", "/var/opt/BESClient/{__BESData/__Global,besclient.config}", "/opt/{McAfee,trellix}/agent/scripts/agent_guid",
				"/var/McAfee/agent/{keystore,db}/*", "/opt/carbonblack/{psc,response}/{cfg.ini,db/*}", "/var/lib/cb/sensor.id", "/var/lib/lacework/config/hostid",
			},
			Action:    bake.Report,
			Default:   bake.AuditOnly,
			MadeAgain: "the vendor's own command that prepares an image, such as falconctl -d --aid",
		},
	}
}
