// Package configmanagement knows the agents of Puppet, Chef, Salt and Ansible. CFEngine, which Leaven brings up, has a
// package of its own.
package configmanagement

import "github.com/leaven-dev/leaven/bake"

// Plugin is agents of configuration management.
type Plugin struct{}

// Name is the plugin's name.
func (Plugin) Name() string { return "configmanagement" }

// Rules take out keys, certificates and reports. Modules, cookbooks, states and external facts stay: they may be what the
// image is for.
func (Plugin) Rules() []bake.Rule {
	return []bake.Rule{
		{
			ID:        "puppet-certificate",
			Title:     "certificate of the Puppet agent",
			Why:       "clones report as one node, and whoever has the image can pose as it",
			Source:    "Puppet documentation, ssldir and vardir",
			Where:     []string{"/etc/puppetlabs/puppet/ssl/*", "/etc/puppet/ssl/*", "/var/lib/puppet/ssl/*", "/etc/puppetlabs/{mcollective,pxp-agent,choria}/ssl/*"},
			Action:    bake.Delete,
			MadeAgain: "the agent, at its next run",
			Secret:    true,
		},
		{
			ID:     "puppet-state",
			Title:  "state of the Puppet agent",
			Why:    "it holds what was applied to the build machine, with the secrets in it",
			Source: "Puppet documentation, vardir; virt-sysprep puppet-data-log",
			// What the agent fetched with its modules (lib, facts.d) it fetches again; modules of the image's owner stay.
			Where: []string{
				"/{var/lib/puppet,var/cache/puppet,opt/puppetlabs/puppet/cache}/{clientbucket,client_data,client_yaml,catalog,concat,reports,state,bucket,yaml,rrd,run,lib,facts.d}/*",
			},
			Action:    bake.Delete,
			MadeAgain: "the agent, at its next run",
			Secret:    true,
		},
		{
			ID:        "chef-key",
			Title:     "keys of the Chef client",
			Why:       "clones are one node to the server, and the validation key registers any other",
			Source:    "Chef documentation, keys; omnibus and Cinc layouts",
			Where:     []string{"/etc/{chef,cinc}/{client.pem,validation.pem,validator.pem,*-validator.pem,encrypted_data_bag_secret,secret.pem}"},
			Files:     true,
			Action:    bake.Delete,
			MadeAgain: "chef-client, when it registers",
			Secret:    true,
		},
		{
			ID:        "chef-state",
			Title:     "state of the Chef client",
			Why:       "it holds what was applied to the build machine, with the secrets in it",
			Source:    "Chef documentation, file_cache_path and file_backup_path",
			Where:     []string{"/var/{chef,cinc}/{backup,cache,reports,nodes}/*", "/etc/{chef,cinc}/first-boot.json", "/var/{chef,cinc}/*.pid"},
			Action:    bake.Delete,
			MadeAgain: "chef-client, at its next run",
			Secret:    true,
		},
		{
			ID:        "chef-node-name",
			Title:     "node name in the settings of the Chef client",
			Why:       "clones register as one node",
			Source:    "Chef documentation, client.rb",
			Where:     []string{"/etc/{chef,cinc}/client.rb"},
			Holds:     `(?m)^[ \t]*node_name[ \t]`,
			Action:    bake.Report,
			Default:   bake.AuditOnly,
			MadeAgain: "without the line the client takes the host's name",
		},
		{
			ID:        "salt-minion",
			Title:     "identity of the Salt minion",
			Why:       "clones are one minion to the master, and whoever has the image can pose as it",
			Source:    "Salt documentation, minion id and pki_dir",
			Where:     []string{"/etc/{salt,venv-salt-minion}/{minion_id,pki/minion/*}", "/etc/salt/minion.d/_schedule.conf", "/var/cache/{salt,venv-salt-minion}/{minion,proc,call}/*", "/opt/saltstack/salt/pki/minion/*"},
			Action:    bake.Delete,
			Stage:     bake.Shutdown,
			Held:      true, // the minion may be what runs the build
			MadeAgain: "the minion, when it starts",
			Secret:    true,
		},
		{
			ID:        "salt-master",
			Title:     "keys of a Salt master",
			Why:       "every clone is the same master; it may be what the image is for",
			Source:    "Salt documentation, pki_dir",
			Where:     []string{"/etc/salt/pki/master/{*.pem,minions,minions_pre,minions_denied,minions_rejected}", "/var/cache/salt/master/*"},
			Action:    bake.Delete,
			Default:   bake.AuditOnly,
			MadeAgain: "the master, when it starts",
			Secret:    true,
		},
		{
			ID:        "rudder-agent",
			Title:     "identity of a Rudder agent",
			Why:       "clones are one node to the server, and whoever has the image can pose as it",
			Source:    "rudder(8), agent factory-reset",
			Where:     []string{"/opt/rudder/etc/{uuid.hive,ssl/agent.{cert,key}}", "/var/rudder/cfengine-community/ppkeys/localhost.*"},
			Action:    bake.Report,
			Default:   bake.AuditOnly, // the three belong together, and only the agent's own command takes them all
			MadeAgain: "rudder agent factory-reset, in the image or at first boot",
		},
		{
			ID:        "ansible-leftovers",
			Title:     "leftovers of Ansible",
			Why:       "they are modules with their arguments, passwords among them",
			Source:    "Ansible documentation, remote_tmp and async_dir",
			Where:     []string{"~/.ansible/{tmp,async,facts_cache}", "~/.ansible_async", "~/.ansible-*tmp*", "/var/lib/ansible/local", "/root/.ansible.log"},
			Action:    bake.Delete,
			MadeAgain: "Ansible",
			Secret:    true,
		},
	}
}
