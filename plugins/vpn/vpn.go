// Package vpn knows private networks: Tailscale, ZeroTier, WireGuard, NetBird, OpenVPN and Cloudflare's tunnel.
package vpn

import "github.com/leaven-dev/leaven/bake"

// Plugin is private networks.
type Plugin struct{}

// Name is the plugin's name.
func (Plugin) Name() string { return "vpn" }

// Rules take out the keys by which a machine is a member.
func (Plugin) Rules() []bake.Rule {
	return []bake.Rule{
		{
			ID:        "tailscale-state",
			Title:     "identity of a Tailscale node",
			Why:       "clones are one node and take its address from each other; installing the package is enough to make it",
			Source:    "tailscaled(8); tailscale issues 1538 and 5405",
			Where:     []string{"/var/lib/tailscale/*", "/var/cache/tailscale/*"},
			Action:    bake.Delete,
			Stage:     bake.Shutdown,
			Held:      true, // the build may come in through it
			MadeAgain: "tailscaled, when it starts, and tailscale up",
			Secret:    true,
		},
		{
			ID:        "zerotier-identity",
			Title:     "identity of a ZeroTier node",
			Why:       "clones are one node and take its address from each other",
			Source:    "ZeroTier documentation, identity.secret",
			Where:     []string{"/var/lib/zerotier-one/{identity.secret,identity.public,authtoken.secret,metricstoken.secret,networks.d/*,peers.d/*}"},
			Action:    bake.Delete,
			Stage:     bake.Shutdown,
			Held:      true,
			MadeAgain: "zerotier-one, when it starts",
			Secret:    true,
		},
		{
			ID:        "wireguard-keys",
			Title:     "keys of WireGuard",
			Why:       "clones take the address in the tunnel from each other, and whoever has the image is in the network",
			Source:    "wg(8), wg-quick(8)",
			Where:     []string{"/etc/wireguard/{*.key,*.priv,*.private,*.psk,*.pub,privatekey*,publickey*,private,public,presharedkey*,server_private*,server_public*,client_private*}", "/etc/wireguard/keys/*"},
			Files:     true,
			Action:    bake.Delete,
			Stage:     bake.Shutdown,
			Held:      true,
			MadeAgain: "wg genkey, at first boot",
			Secret:    true,
		},
		{
			ID:        "wireguard-interfaces",
			Title:     "WireGuard interfaces with their keys",
			Why:       "clones take the address in the tunnel from each other, and whoever has the image is in the network",
			Source:    "wg-quick(8)",
			Where:     []string{"/etc/wireguard/*.conf", "/etc/amnezia/amneziawg/*.conf"},
			Holds:     `(?im)^[ \t]*(PrivateKey|PresharedKey)[ \t]*=`,
			Action:    bake.Delete,
			Stage:     bake.Shutdown,
			Held:      true,
			MadeAgain: "wg genkey, at first boot",
			Secret:    true,
		},
		{
			ID:        "netbird-identity",
			Title:     "identity of a NetBird peer",
			Why:       "clones are one peer",
			Source:    "NetBird documentation, config.json",
			Where:     []string{"/etc/netbird/config.json", "/var/lib/netbird/*"},
			Action:    bake.Delete,
			Stage:     bake.Shutdown,
			Held:      true,
			MadeAgain: "netbird up",
			Secret:    true,
		},
		{
			ID:        "cloudflare-tunnel",
			Title:     "credentials of a Cloudflare tunnel",
			Why:       "whoever has the image can serve the tunnel's names",
			Source:    "cloudflared documentation, tunnel credentials file",
			Where:     []string{"/etc/cloudflared/{*.json,cert.pem}"},
			Action:    bake.Delete,
			Stage:     bake.Shutdown,
			Held:      true,
			MadeAgain: "cloudflared tunnel",
			Secret:    true,
		},
		{
			ID:        "openvpn-keys",
			Title:     "keys of OpenVPN",
			Why:       "whoever has the image is in the network; what is to be made again is the owner's to say",
			Source:    "openvpn(8)",
			Where:     []string{"/etc/openvpn/{,client/,server/,keys/,easy-rsa/pki/,easy-rsa/pki/private/,pki/private/}{*.key,*.p12,*.ovpn,auth.txt,*credentials*,*.pass,ca.key}"},
			Files:     true,
			Action:    bake.Delete,
			Stage:     bake.Shutdown,
			Held:      true,
			Default:   bake.AuditOnly,
			MadeAgain: "nothing",
			Secret:    true,
		},
	}
}
