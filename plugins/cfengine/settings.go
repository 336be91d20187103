package cfengine

import (
	"fmt"
	"net/netip"
	"path"
	"reflect"
	"strings"
)

// Settings are the keys of the section `cfengine:`. Without the section, a host that has CFEngine gets a key of its own and nothing
// else.
type Settings struct {
	Role          string   `key:"role" doc:"hub: serves policy, bootstraps against its own address; client: takes policy from hubs; deployer: mounts masterfiles to manage policy, serves nobody" oneof:"hub,client,deployer"`
	Hub           string   `key:"hub" doc:"clients: the name or address of the balancer before the hubs, or of the one hub" pattern:"[A-Za-z0-9]([A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?"`
	PolicyKey     string   `key:"policy_server_key" doc:"the hubs' public key: its digest (MD5=…, SHA=… with Enterprise), the PEM text, or a file with it; clients bootstrap with this key only, hubs refuse a share with another. A client that says any trusts whoever answers first"`
	KeyBits       int      `key:"key_bits" doc:"bits of a key that is made: 2048, 3072 or 4096" pattern:"2048|3072|4096" default:"2048"`
	ACL           []string `key:"acl" doc:"hubs: the networks that may connect, written to def.json when masterfiles is empty" pattern:"[0-9a-fA-F.:]+/[0-9]+"`
	TrustKeysFrom []string `key:"trust_keys_from" doc:"hubs: the networks from which keys of new clients are taken; without it those of acl; [none] takes none, known clients go on working" pattern:"[0-9a-fA-F.:]+/[0-9]+|none"`
	Address       string   `key:"address" doc:"hubs: the own address to serve; without it, the IPv4 address towards the default route" pattern:"[0-9.]+"`
	Balancer      string   `key:"balancer" doc:"hubs: the name of the balancer before them; looked at only, to see whether another hub behind it has another key" pattern:"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?"`
	Shared        bool     `key:"shared" doc:"hubs: ppkeys and masterfiles are mounts that all hubs share; nothing is done while they are not mounted" default:"true"`
	FileSystems   []string `key:"file_systems" doc:"the types of file system that the share can have, as in /proc/filesystems; without it nfs4" pattern:"[a-z0-9._-]+"`
}

// The roles.
const (
	hub      = "hub"
	client   = "client"
	deployer = "deployer"
)

// anyKey is the policy_server_key of a client that trusts on first use.
const anyKey = "any"

// Check compares what depends on one another.
func (s *Settings) Check(fail func(key, format string, args ...any)) {
	switch s.Role {
	case "": // without the section, all is as its defaults say
		if !reflect.DeepEqual(*s, Settings{KeyBits: 2048, Shared: true}) {
			fail("role", "role is missing: hub, client or deployer")
		}
		return
	case hub:
		if s.Hub != "" {
			fail("hub", "a hub bootstraps against its own address: through its balancer it would reach another hub, or itself, which a network load balancer that keeps client addresses drops. Leave hub out; balancer is for the balancer's name")
		}
		if s.PolicyKey == anyKey {
			fail("policy_server_key", "any is for clients; leave it out where the hubs' key is not known yet")
		}
		if len(s.ACL) == 0 {
			fail("acl", "say which networks may connect to the hub: acl: [10.0.0.0/8]")
		}
	case client:
		if s.Hub == "" {
			fail("hub", "a client needs the hub's name or address, or that of the balancer before the hubs")
		}
		if s.PolicyKey == "" {
			fail("policy_server_key", "a client needs the hubs' key, or its digest (`leaven status` on a hub shows it); any trusts whoever answers first")
		}
	case deployer:
		if s.Hub != "" || s.PolicyKey != "" {
			fail("", "a deployer takes no policy from a hub; hub and policy_server_key are for clients")
		}
	}
	if s.Role != hub {
		for key, given := range map[string]bool{"acl": s.ACL != nil, "trust_keys_from": s.TrustKeysFrom != nil, "address": s.Address != "", "balancer": s.Balancer != ""} {
			if given {
				fail(key, "%s is for hubs", key)
			}
		}
	}
	networks(s.ACL, func(err error) { fail("acl", "%v", err) })
	if !s.trustsNone() {
		networks(s.TrustKeysFrom, func(err error) { fail("trust_keys_from", "%v", err) })
	}
	if _, err := s.pin(); err != nil {
		fail("policy_server_key", "%v", err)
	}
}

func networks(texts []string, fail func(error)) {
	for _, text := range texts {
		if _, err := netip.ParsePrefix(text); err != nil && !strings.Contains(text, "${") {
			fail(fmt.Errorf("%q is no network such as 10.0.0.0/8", text))
		}
	}
}

func (s *Settings) trustsNone() bool {
	return len(s.TrustKeysFrom) == 1 && s.TrustKeysFrom[0] == "none"
}

// trusted are the networks whose clients' keys are taken.
func (s *Settings) trusted() []string {
	switch {
	case s.trustsNone():
		return []string{}
	case len(s.TrustKeysFrom) > 0:
		return s.TrustKeysFrom
	}
	return s.ACL
}

// fileSystems are the types that the share can have.
func (s *Settings) fileSystems() []string {
	if len(s.FileSystems) > 0 {
		return s.FileSystems
	}
	return []string{"nfs4"}
}

// pin is what the settings alone say about the hubs' key; a file is read later.
func (s *Settings) pin() (pin, error) {
	text := strings.TrimSpace(s.PolicyKey)
	switch {
	case text == "" || text == anyKey || strings.Contains(text, "${"):
		return pin{}, nil
	case path.IsAbs(text):
		return pin{file: text}, nil
	case strings.HasPrefix(text, "-----BEGIN"):
		key, err := parsePublic([]byte(text))
		return pin{key: key}, err
	}
	d, err := parseDigest(text)
	return pin{digest: d}, err
}
