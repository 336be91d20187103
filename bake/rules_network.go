package bake

// networkRules take out what ties an image to the build machine's network and devices.
func networkRules() []Rule {
	return []Rule{
		{
			ID:     "dhcp-leases",
			Title:  "DHCP leases and client identifiers",
			Why:    "a clone would ask for its parent's address",
			Source: "virt-sysprep dhcp-client-state; dhclient(8); RFC 4361",
			Where: []string{
				"/var/lib/{dhclient,dhcp,dhcp3,dhcpcd,dhcpcd5,wicked,dhcpv6,dibbler}/*", "/var/lib/NetworkManager/*.lease", "/var/lib/NetworkManager/{timestamps,seen-bssids,no-auto-default.state}",
				"/var/lib/systemd/network/*", "/var/lib/misc/udhcpc*.leases", "/var/lib/connman/*/data", "/var/db/dhcpcd/*", "/etc/dhcpcd.{duid,secret}",
			},
			Files:     true,
			Action:    Delete,
			Stage:     Shutdown, // the client writes its lease as long as it runs
			MadeAgain: "the DHCP client",
		},
		{
			ID:        "dhcp-server-state",
			Title:     "leases that a DHCP server gave",
			Why:       "they name the machines of the build's network",
			Source:    "virt-sysprep dhcp-server-state; dhcpd.leases(5); dnsmasq(8)",
			Where:     []string{"/var/lib/{kea,dnsmasq,misc}/*leases*", "/var/lib/dhcpd/*", "/var/lib/libvirt/dnsmasq/*.{status,leases,macs}"},
			Files:     true,
			Action:    Delete,
			MadeAgain: "the server, which makes an empty file",
		},
		{
			ID:        "networkmanager-key",
			Title:     "secret key of NetworkManager",
			Why:       "clones that share it make the same IPv6 addresses and DHCP identifiers",
			Source:    "NetworkManager.conf(5); RFC 7217",
			Where:     []string{"/var/lib/NetworkManager/secret_key"},
			Action:    Delete,
			MadeAgain: "NetworkManager, when it starts",
			Secret:    true,
		},
		{
			ID:        "network-connections",
			Title:     "NetworkManager connections",
			Why:       "they name the build machine's interfaces and hold its passwords",
			Source:    "virt-sysprep net-nmconn; nm-settings-keyfile(5)",
			Where:     []string{"/etc/NetworkManager/system-connections/*.nmconnection"},
			Files:     true,
			Action:    Delete,
			MadeAgain: "NetworkManager connects every wired interface by itself; cloud-init writes its own",
			Secret:    true,
		},
		{
			ID:        "network-connections-old",
			Title:     "NetworkManager connections without the suffix",
			Why:       "older versions wrote them so, and they may hold passwords",
			Source:    "nm-settings-keyfile(5)",
			Where:     []string{"/etc/NetworkManager/system-connections/*"},
			Except:    []string{"/etc/NetworkManager/system-connections/*.nmconnection"},
			Holds:     `(?m)^\[connection\]`,
			Action:    Delete,
			Default:   AuditOnly,
			MadeAgain: "NetworkManager connects every wired interface by itself",
			Secret:    true,
		},
		{
			ID:        "interface-names",
			Title:     "udev rules that pin interface names to addresses",
			Why:       "a clone's first interface becomes eth1, and its network does not come up",
			Source:    "virt-sysprep udev-persistent-net; udev(7)",
			Where:     []string{"/etc/udev/rules.d/{[0-9][0-9],z25_,z45_,}{-,}persistent-{net,cd}.rules"},
			Files:     true, // a folder of this name is an old trick to keep the file from being made
			Action:    Delete,
			MadeAgain: "nothing: names come from where the device is",
		},
		{
			ID:        "interface-addresses",
			Title:     "hardware addresses and UUIDs in interface settings",
			Why:       "an interface with another address is not configured",
			Source:    "virt-sysprep net-hwaddr; ifcfg(5)",
			Where:     []string{"/etc/sysconfig/network-scripts/ifcfg-*", "/etc/sysconfig/network/ifcfg-*"},
			Except:    []string{"/etc/sysconfig/network{,-scripts}/ifcfg-{lo,*.bak,*.old,*.rpmsave,*.template}"},
			Action:    Edit,
			Edit:      &Lines{Match: `^[ \t]*(HWADDR|UUID)=`, Drop: true},
			MadeAgain: "nothing: the device's name is enough",
		},
		{
			ID:     "netplan-addresses",
			Title:  "hardware addresses in netplan",
			Why:    "an interface with another address is not configured",
			Source: "netplan(5), match and set-name",
			Where:  []string{"/etc/netplan/*.{yaml,yml}"},
			Action: Edit,
			// A match that names only the address goes with the set-name that needs it.
			Edit: &Lines{
				Match: `^([ \t]*)(?:set-name:[^\n]*\n[ \t]*)?match:[ \t]*(?:\n[ \t]+macaddress:[^\n]*|\{[ \t]*macaddress:[^\n}]*\}[ \t]*)\n(?:[ \t]+set-name:[^\n]*\n)?`,
				Whole: true,
			},
			MadeAgain: "cloud-init, for each new instance; else the name of the interface is enough",
		},
		{
			ID:        "network-addresses",
			Title:     "hardware addresses in network files",
			Why:       "an interface with another address is not configured, or all clones get the same one",
			Source:    "systemd.network(5), systemd.link(5), interfaces(5), ifcfg(5)",
			Where:     []string{"/etc/systemd/network/*.{network,link,netdev}", "/etc/network/interfaces", "/etc/network/interfaces.d/*", "/etc/sysconfig/network{,-scripts}/ifcfg-*"},
			Holds:     `(?im)^[ \t]*((Permanent)?MACAddress[ \t]*=|hwaddress[ \t]|(MACADDR|LLADDR)=)[^\n]*[0-9a-f]{2}:[0-9a-f]{2}`,
			Action:    Report,
			Default:   AuditOnly,
			MadeAgain: "cloud-init, for each new instance",
		},
		{
			ID:        "resolv-conf",
			Title:     "name servers of the build's network",
			Why:       "a clone in another network cannot resolve names until something writes the file anew",
			Source:    "resolv.conf(5); ansible-slurm-appliance issue 257",
			Where:     []string{"/etc/resolv.conf"},
			Holds:     `(?m)^[ \t]*nameserver`, // a link to what systemd-resolved writes is not touched
			Action:    Delete,
			Default:   Off, // where nothing writes it again there is no DNS
			MadeAgain: "the DHCP client, NetworkManager or systemd-resolved",
		},
		{
			ID:     "build-proxy",
			Title:  "proxies of the build's network",
			Why:    "a clone in another network can fetch nothing through them",
			Source: "apt.conf(5), dnf.conf(5), systemd.exec(5) Environment=; cluster-api image-builder sysprep",
			Where: []string{
				"/etc/apt/{apt.conf,apt.conf.d/*}", "/etc/{environment,wgetrc,curlrc,yum.conf,dnf/dnf.conf,sysconfig/proxy}", "/etc/profile.d/*.{sh,csh}", "~/.{wgetrc,curlrc}",
				"/etc/systemd/system/*.service.d/*.conf", "/etc/systemd/system.conf.d/*.conf",
			},
			Holds: `(?im)^[ \t]*(Acquire::\w+::)?Proxy[ \t]+"?https?://|^[ \t]*(export[ \t]+|(Default)?Environment="?)?(https?|ftp|all)_proxy[ \t]*=[ \t]*["']?[^\s"'$]|` +
				`^[ \t]*proxy[ \t]*=[ \t]*["']?\w+:|^PROXY_ENABLED="?yes`,
			Action:    Report, // a file that names one may say much else
			Default:   AuditOnly,
			MadeAgain: "user data, where instances need one",
		},
		{
			ID:        "firewall-rules",
			Title:     "firewall rules",
			Why:       "they may be made for the build machine",
			Source:    "virt-sysprep firewall-rules",
			Where:     []string{"/etc/sysconfig/{iptables,ip6tables}", "/etc/firewalld/{services,zones}/*", "/etc/iptables/rules.v{4,6}"},
			Files:     true,
			Action:    Delete,
			Default:   Off, // without them an instance may be open to all
			MadeAgain: "nothing",
		},
		{
			ID:        "nfs-state",
			Title:     "state of NFS locks and clients",
			Why:       "a clone would tell its parent's peers that it restarted",
			Source:    "rpc.statd(8), sm-notify(8), nfsdcltrack(8)",
			Where:     []string{"/var/lib/nfs/{sm,sm.bak,statd/sm,statd/sm.bak,v4recovery,nfsdcltrack,nfsdcld}/*"},
			Action:    Delete,
			MadeAgain: "the NFS programs",
		},
	}
}
