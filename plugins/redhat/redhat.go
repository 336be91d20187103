// Package redhat knows Red Hat's subscriptions: Subscription Manager, Insights, RHN, and yum's identifier.
package redhat

import "github.com/leaven-dev/leaven/bake"

// Plugin is Red Hat's subscriptions.
type Plugin struct{}

// Name is the plugin's name.
func (Plugin) Name() string { return "redhat" }

// Rules take out what makes a machine a subscribed one. The certificates of RHUI, by which an instance reaches its updates,
// lie in /etc/pki/rhui and stay: they belong to the image.
func (Plugin) Rules() []bake.Rule {
	return []bake.Rule{
		{
			ID:        "rhsm-certificates",
			Title:     "identity and entitlements of Subscription Manager",
			Why:       "clones use up one subscription and report as one system",
			Source:    "virt-sysprep rh-subscription-manager; subscription-manager(8), clean",
			Where:     []string{"/etc/pki/{consumer,entitlement}/*", "/var/lib/rhsm/{facts,packages,cache,repo_server_val}/*"},
			Action:    bake.Delete,
			MadeAgain: "subscription-manager register",
			Secret:    true,
		},
		{
			ID:        "insights-id",
			Title:     "identity of the Insights client and of yggdrasil",
			Why:       "clones report as one system",
			Source:    "insights-client(8), --unregister; yggd(1)",
			Where:     []string{"/etc/insights-client/{machine-id,.registered,.unregistered,.lastupload,.last-upload.results,.insights-core*etag}", "/var/lib/insights/{host-details.json,*.json}", "/var/cache/insights*/*", "/var/lib/{yggdrasil,rhc}/client-id"},
			Files:     true,
			Action:    bake.Delete,
			MadeAgain: "insights-client --register; yggd, when it starts",
		},
		{
			ID:        "rhn-systemid",
			Title:     "identity in Spacewalk, Satellite or RHN",
			Why:       "clones are one system to the server",
			Source:    "virt-sysprep rhn-systemid",
			Where:     []string{"/etc/sysconfig/rhn/{systemid,systemid.save,osad-auth.conf}"},
			Action:    bake.Delete,
			MadeAgain: "rhnreg_ks",
			Secret:    true,
		},
		{
			ID:        "yum-uuid",
			Title:     "yum's identifier",
			Why:       "mirrors count clones as one system",
			Source:    "virt-sysprep yum-uuid",
			Where:     []string{"/var/lib/yum/uuid"},
			Action:    bake.Delete,
			MadeAgain: "yum",
		},
		{
			ID:        "kdump-image",
			Title:     "initramfs for crash dumps",
			Why:       "it is made for the build machine's hardware and network, with its SSH keys where dumps go over SSH",
			Source:    "kdump.service(8), mkdumprd(8)",
			Where:     []string{"/{boot,var/lib/kdump}/initramfs-*kdump.img"},
			Action:    bake.Delete,
			Default:   bake.Off, // kdump.service makes it again, which takes a minute of the first boot
			MadeAgain: "kdump.service",
		},
	}
}
