package keys

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// backdated is how far in the past a certificate begins: clients' clocks, and ours on a first boot, may be wrong a little.
const backdated = 5 * time.Minute

// A Certifier has the host keys of an instance certified, so that clients which trust the authority need no trust on first use
// (@cert-authority in known_hosts, sshd(8)).
type Certifier struct {
	Authority  Authority
	Instance   string        // its id; part of the key id in the certificate
	Principals []string      // what clients connect to: host name, FQDN, addresses, the instance id; no wildcards
	Lifetime   time.Duration // 0: for ever; at least a minute
}

// request is what a certificate is to say.
type request struct {
	instance   string
	id         string
	principals []string
	lifetime   time.Duration
}

// validate returns the principals as clients compare them: ssh makes a host name lower case before it looks for it.
func (c Certifier) validate() ([]string, error) {
	if err := c.Authority.validate(); err != nil {
		return nil, err
	}
	if c.Lifetime < 0 || c.Lifetime > 0 && c.Lifetime < time.Minute {
		return nil, fmt.Errorf("cannot sign host keys for %v: the lifetime is at least a minute, or 0 for ever", c.Lifetime)
	}
	var list []string
	for _, p := range c.Principals {
		if p == "" {
			continue
		}
		if strings.ContainsFunc(p, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`*?!,"`, r) }) {
			return nil, fmt.Errorf("cannot sign host keys for the name %q: it may have no blanks, commas, quotes, wildcards or control characters", p)
		}
		if p = strings.ToLower(p); !slices.Contains(list, p) {
			list = append(list, p)
		}
	}
	if len(list) == 0 {
		return nil, errors.New("cannot sign host keys: no name and no address to certify is known")
	}
	return list, nil
}

// Due tells why [Certifier.Sign] or [ServeCertificates] has to be called, a line a reason; none where all is well, and where
// there is no SSH server. A certificate that is valid, has the names and has more than a third of its lifetime left is kept.
func (c Certifier) Due(root *rootfs.Root) ([]string, error) {
	principals, err := c.validate()
	if err != nil {
		return nil, err
	}
	if server, err := hasServer(root); !server || err != nil {
		return nil, err
	}
	keys, err := certifiable(root)
	if err != nil {
		return nil, err
	}
	trusted, err := c.Authority.accepted(root)
	if err != nil {
		return nil, err
	}
	var reasons []string
	if len(keys) == 0 {
		reasons = append(reasons, "sshd serves no key of "+Dir)
	}
	now := time.Now()
	for _, key := range keys {
		_, why, err := c.inspect(root, key, principals, trusted, now)
		if err != nil {
			return nil, err
		}
		if why != "" {
			reasons = append(reasons, path.Base(key)+": "+why)
		}
	}
	unserved, err := unserved(root)
	for _, file := range unserved {
		reasons = append(reasons, path.Base(file)+" is not in sshd's configuration")
	}
	return reasons, err
}

// inspect returns a key's certificate if it is good, and why a new one is needed.
func (c Certifier) inspect(root *rootfs.Root, key string, principals []string, trusted []ssh.PublicKey, now time.Time) (*ssh.Certificate, string, error) {
	public, err := publicOf(root, key)
	if err != nil {
		return nil, "", err
	}
	if public == nil {
		return nil, "", fmt.Errorf("%s went away", key)
	}
	there, err := root.Exists(certificateFile(key))
	if err != nil {
		return nil, "", err
	}
	if !there {
		return nil, "it has no certificate", nil
	}
	cert, err := readCertificate(root, certificateFile(key))
	if err != nil {
		return nil, "its certificate is damaged", nil
	}
	if err := verify(cert, public, principals, trusted, now); err != nil {
		return nil, "its certificate is of no use: " + err.Error(), nil
	}
	switch {
	// A signing service may have names of its own to add; we have not.
	case c.Authority.KeyFile != "" && len(cert.ValidPrincipals) > len(principals):
		return cert, "its certificate has names that are not the instance's any more", nil
	case expiring(cert, now):
		return cert, "less than a third of its certificate's lifetime is left", nil
	}
	return cert, "", nil
}

// Sign has a certificate made for each host key in [Dir] that sshd serves and that has no good one, and returns what is in
// place then. What comes back is verified before anything is published, and all are published or none; with an error, those that
// were there stay. sshd shows them after [ServeCertificates] and a reload. Two runs at the same time are the caller's to prevent.
//
// A signing command runs once for each key, without a shell. It gets the public key as one line on standard input, and prints the
// certificate as one line on standard output. The environment has LEAVEN_INSTANCE_ID, LEAVEN_PRINCIPALS (with commas between),
// LEAVEN_KEY_ID, LEAVEN_KEY_TYPE, and LEAVEN_LIFETIME in seconds (0: for ever). It is ended with ctx.
func (c Certifier) Sign(ctx context.Context, root *rootfs.Root) ([]Certificate, error) {
	principals, err := c.validate()
	if err != nil {
		return nil, err
	}
	if server, err := hasServer(root); !server || err != nil {
		return nil, err
	}
	keys, err := certifiable(root)
	if err != nil {
		return nil, err
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("cannot sign host keys: sshd serves none of %s", Dir)
	}
	trusted, err := c.Authority.accepted(root)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	var list []Certificate
	fresh := map[string]*ssh.Certificate{}
	var bad []error
	for _, key := range keys {
		cert, why, err := c.inspect(root, key, principals, trusted, now)
		if err == nil && why != "" {
			var made *ssh.Certificate
			made, err = c.certify(ctx, root, key, principals, trusted)
			if err == nil {
				cert, fresh[key] = made, made
			}
		}
		if err != nil {
			bad = append(bad, fmt.Errorf("cannot have %s certified: %w", key, err))
		}
		if cert != nil {
			list = append(list, describe(certificateFile(key), cert))
		}
	}
	if err := errors.Join(bad...); err != nil {
		return nil, err
	}
	return list, publishCertificates(root, keys, fresh)
}

// certify has one key signed and looks at what came back.
func (c Certifier) certify(ctx context.Context, root *rootfs.Root, key string, principals []string, trusted []ssh.PublicKey) (*ssh.Certificate, error) {
	public, err := publicOf(root, key)
	if err != nil {
		return nil, err
	}
	r := request{instance: c.Instance, id: strings.TrimSpace(c.Instance + " " + path.Base(key)), principals: principals, lifetime: c.Lifetime}
	var cert *ssh.Certificate
	if c.Authority.KeyFile != "" {
		signer, err := c.Authority.signer(root)
		if err != nil {
			return nil, err
		}
		if cert, err = issue(signer, public, r, time.Now()); err != nil {
			return nil, err
		}
	} else if cert, err = ask(ctx, c.Authority.Command, public, r); err != nil {
		return nil, err
	}
	if err := verify(cert, public, principals, trusted, time.Now()); err != nil {
		return nil, fmt.Errorf("the certificate that came back is of no use: %w", err)
	}
	return cert, nil
}

// publishCertificates puts new certificates in place, one after the other; each is good without the others.
func publishCertificates(root *rootfs.Root, keys []string, fresh map[string]*ssh.Certificate) error {
	if err := tidy(root, Dir); err != nil {
		return err
	}
	d, err := root.OpenDir(Dir)
	if err != nil {
		return err
	}
	defer d.Close()
	for _, key := range keys {
		cert := fresh[key]
		if cert == nil {
			continue
		}
		line := ssh.MarshalAuthorizedKey(cert)
		text := string(line[:len(line)-1]) + " " + oneLine(cert.KeyId) + "\n"
		if err := d.WriteFile(path.Base(certificateFile(key)), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
