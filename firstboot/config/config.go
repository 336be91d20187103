package config

import (
	"fmt"
	"strings"
	"time"

	"github.com/leaven-dev/leaven/internal/schema"
	"github.com/leaven-dev/leaven/mounts"
	"github.com/leaven-dev/leaven/mounts/volume"
)

// Config is what can be configured, the sections of plugins apart. The zero value, with defaults, is what an instance without any
// configuration gets.
type Config struct {
	Hostname string         `key:"hostname" doc:"the host name, with ${...} filled in: at most 64 letters, digits, dots and dashes; without it, an instance that has none is called by its id" pattern:"[A-Za-z0-9]([A-Za-z0-9.-]{0,62}[A-Za-z0-9])?"`
	Network  Network        `key:"network" doc:"what first boot waits for before it does what needs the network"`
	SSH      SSH            `key:"ssh" doc:"SSH host keys beyond the Ed25519 and ECDSA keys that are always made"`
	Run      []Run          `key:"run" doc:"commands, each a step of its own" by:"name"`
	Mounts   []mounts.Mount `key:"mounts" doc:"network file systems: EFS, NFS" by:"at"`
	Volumes  []volume.Spec  `key:"volumes" doc:"block volumes: EBS, instance store, swap" by:"at"`
	Signal   Signal         `key:"signal" doc:"who is told how first boot ended"`
	Health   Health         `key:"health" doc:"an HTTP endpoint for load balancers"`
	Leave    Leave          `key:"leave" doc:"leaving in good order when EC2 takes the instance away"`
}

// Check looks at the host name as far as it is written, and not filled in.
func (c *Config) Check(fail func(key, format string, args ...any)) {
	if err := checkHostname(c.Hostname); err != nil && !strings.Contains(c.Hostname, "${") {
		fail("hostname", "%v", err)
	}
}

// checkHostname looks at the words between the dots (RFC 1123, 2.1); the pattern of the key has the rest.
func checkHostname(name string) error {
	for word := range strings.SplitSeq(name, ".") {
		if name != "" && (word == "" || len(word) > 63 || word[0] == '-' || word[len(word)-1] == '-') {
			return fmt.Errorf("%q is no host name: each word between dots has 1 to 63 letters, digits and dashes, and no dash at its ends", name)
		}
	}
	return nil
}

// Network is the section of this name.
type Network struct {
	Wait     time.Duration `key:"wait" doc:"how long first boot waits for link, address, route, resolver and metadata service" is:"positive" default:"5m"`
	Metadata string        `key:"metadata" doc:"whether there is a metadata service: auto asks it where the firmware says that this is EC2" oneof:"auto,on,off" default:"auto"`
}

// SSH is the section of this name.
type SSH struct {
	RSA         int          `key:"rsa" doc:"bits of an RSA host key that is made once sshd is up: 2048, 3072 or 4096; 0 makes none" pattern:"0|2048|3072|4096"`
	Certificate *Certificate `key:"certificate" doc:"host certificates, so that clients need no trust on first use"`
}

// Certificate says who signs host keys, and for what.
type Certificate struct {
	Command   schema.Command `key:"command" doc:"gets a public key on standard input and prints the certificate; must be a list"`
	CAKey     string         `key:"ca_key" doc:"the file of the authority's private key; a command that asks a signing service is safer" pattern:"/.*"`
	Authority string         `key:"authority" doc:"the authority's public key, as in authorized_keys; a certificate by another is refused" is:"literal"`
	Names     []string       `key:"names" doc:"names and addresses that the certificate is for, besides the host name, the instance id and the private address"`
	Valid     time.Duration  `key:"valid" doc:"how long a certificate made with ca_key is valid; it is renewed at boot when less than a third is left" default:"8760h"`
}

// Check wants one signer.
func (c *Certificate) Check(fail func(key, format string, args ...any)) {
	switch {
	case c.Command.Given() == (c.CAKey != ""):
		fail("", "a host certificate needs one signer: command or ca_key")
	case c.Command.Shell != "":
		fail("command", "write the signing command as a list: [/usr/bin/sign, --host]")
	}
	if c.Valid < time.Hour {
		fail("valid", "a certificate must be valid for an hour at least")
	}
}
