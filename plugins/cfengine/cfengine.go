// Package cfengine knows CFEngine: Debian's layout below /var/lib/cfengine3 and upstream's below /var/cfengine.
package cfengine

import "github.com/leaven-dev/leaven/bake"

// Plugin is CFEngine.
type Plugin struct{}

// Name is the plugin's name.
func (Plugin) Name() string { return "cfengine" }

// Rules take out keys and state, and keep folders, programs and the packaged policy. CFEngine keeps no identity but its
// keys: two clones that share one bootstrap without a warning and show up as a single host.
func (Plugin) Rules() []bake.Rule {
	return []bake.Rule{
		{
			ID:        "cfengine-keys",
			Title:     "CFEngine keys",
			Why:       "hosts with one key are one host to the hub, and whoever has the image can pose as it; the package's postinst makes a key without being asked",
			Source:    "cf-key(8); postinst of the cfengine3 package",
			Where:     []string{"/var/{lib/cfengine3,cfengine}/ppkeys/*", "/var/{lib/cfengine3,cfengine}/randseed"},
			Action:    bake.Delete,
			MadeAgain: "cf-key, when the host is set up; Leaven's first boot on hubs",
			Secret:    true,
		},
		{
			ID:        "cfengine-hub-policy",
			Title:     "policy of a hub",
			Why:       "where hubs get their policy from a shared file system, a local copy hides that it is not mounted",
			Source:    "seen with core 3.21 on hubs that share their policy",
			Where:     []string{"/var/{lib/cfengine3,cfengine}/masterfiles/*"},
			When:      []string{"/var/{lib/cfengine3,cfengine}/state/am_policy_hub"},
			Action:    bake.Delete,
			Default:   bake.AuditOnly, // on a hub without a share it is the policy
			MadeAgain: "the shared file system",
		},
		{
			ID:     "cfengine-state",
			Title:  "CFEngine state",
			Why:    "a clone would believe that it is bootstrapped, report under its parent's name, or serve policy before any agent ran",
			Source: "CFEngine documentation, Directory structure; seen with core 3.21",
			Where: []string{
				"/var/{lib/cfengine3,cfengine}/{policy_server.dat,bootstrap_id.dat}",
				"/var/{lib/cfengine3,cfengine}/{inputs,outputs,reports,lastseen,state}/*",
				"/var/{lib/cfengine3,cfengine}/data/host_specific.json",
				"/var/{lib/cfengine3,cfengine}/masterfiles/cf_promises_*",
				"/var/{lib/cfengine3,cfengine}/modules/packages/*.cf-before-edit",
				"/var/{lib/cfengine3,cfengine}/*.{pid,lock}",
				"/etc/systemd/system/cf-{serverd,execd,monitord}.service.d/leaven-share.conf", // a hub's; what is made of the image may be none
			},
			Action:    bake.Delete,
			MadeAgain: "cf-agent --bootstrap; Leaven's first boot",
			Before:    [][]string{{"systemctl", "stop", "cfengine3*.service", "cf-*.service"}},
		},
	}
}
