package keys

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// A Certificate is what a host certificate says. Nothing in it is secret.
type Certificate struct {
	File        string    `json:"file"`        // path; sshd wants it beside the key, with "-cert.pub" behind the name
	ID          string    `json:"id"`          // key id, which clients and servers log
	Serial      uint64    `json:"serial"`      // for revocation
	Principals  []string  `json:"principals"`  // the names and addresses that clients may connect to
	After       time.Time `json:"after"`       // from when on it is valid
	Before      time.Time `json:"before"`      // until when; zero: for ever
	Fingerprint string    `json:"fingerprint"` // of the host key
	Authority   string    `json:"authority"`   // fingerprint of the key that signed it
}

// certificateFile is where the certificate of a private key lies.
func certificateFile(key string) string { return key + "-cert.pub" }

func describe(file string, c *ssh.Certificate) Certificate {
	d := Certificate{
		File: file, ID: oneLine(c.KeyId), Serial: c.Serial, Principals: c.ValidPrincipals,
		Fingerprint: ssh.FingerprintSHA256(c.Key), Authority: ssh.FingerprintSHA256(c.SignatureKey),
	}
	if c.ValidAfter <= math.MaxInt64 {
		d.After = time.Unix(int64(c.ValidAfter), 0).UTC()
	}
	if c.ValidBefore <= math.MaxInt64 {
		d.Before = time.Unix(int64(c.ValidBefore), 0).UTC()
	}
	return d
}

// Certificates returns the host certificates that are in [Dir], in the order of their names.
func Certificates(root *rootfs.Root) ([]Certificate, error) {
	names, err := entries(root)
	if err != nil {
		return nil, err
	}
	var list []Certificate
	var bad []error
	for _, name := range names {
		if !IsHostKey(name) || !strings.HasSuffix(name, "-cert.pub") {
			continue
		}
		c, err := readCertificate(root, path.Join(Dir, name))
		if err != nil {
			bad = append(bad, err)
			continue
		}
		list = append(list, describe(path.Join(Dir, name), c))
	}
	return list, errors.Join(bad...)
}

func readCertificate(root *rootfs.Root, file string) (*ssh.Certificate, error) {
	text, err := root.ReadFile(file)
	if err != nil {
		return nil, err
	}
	c, err := parseCertificate(text)
	if err != nil {
		return nil, fmt.Errorf("cannot read host certificate %s: %w", file, err)
	}
	return c, nil
}

// verify tells why clients would not, or should not, take a certificate for this key; nil if they do. Where trusted is empty,
// whoever signed it is right.
func verify(c *ssh.Certificate, key ssh.PublicKey, principals []string, trusted []ssh.PublicKey, now time.Time) error {
	is := func(other ssh.PublicKey) func(ssh.PublicKey) bool {
		return func(k ssh.PublicKey) bool { return bytes.Equal(k.Marshal(), other.Marshal()) }
	}
	switch {
	case !is(key)(c.Key):
		return fmt.Errorf("it is for another key, %s", ssh.FingerprintSHA256(c.Key))
	case c.CertType != ssh.HostCert:
		return errors.New("it is a user certificate, not a host certificate")
	case len(c.ValidPrincipals) == 0:
		return errors.New("it has no principals, so it would do for every host there is")
	case slices.ContainsFunc(c.ValidPrincipals, func(p string) bool { return strings.Trim(p, "*?.") == "" }):
		return errors.New("one of its principals stands for every host there is")
	case len(trusted) > 0 && !slices.ContainsFunc(trusted, is(c.SignatureKey)):
		return fmt.Errorf("%s signed it, which is not the configured certificate authority", ssh.FingerprintSHA256(c.SignatureKey))
	}
	if _, err := signatureOf(c.SignatureKey); err != nil {
		return err
	}
	if c.Signature.Format == ssh.KeyAlgoRSA {
		return errors.New("it is signed with SHA-1, which clients refuse; sign with rsa-sha2-512")
	}
	for _, p := range principals {
		if !slices.Contains(c.ValidPrincipals, p) {
			return fmt.Errorf("%q is none of its principals %q", p, c.ValidPrincipals)
		}
	}
	// The rest, the signature among it, is as in a client.
	checker := ssh.CertChecker{Clock: func() time.Time { return now }}
	return checker.CheckCert(c.ValidPrincipals[0], c)
}

// expiring tells that less than a third of the lifetime is left.
func expiring(c *ssh.Certificate, now time.Time) bool {
	if c.ValidBefore > math.MaxInt64 {
		return false
	}
	total := c.ValidBefore - c.ValidAfter
	left := int64(c.ValidBefore) - now.Unix()
	return left < int64(total/3)
}
