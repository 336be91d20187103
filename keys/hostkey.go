package keys

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// A HostKey is the public side of a key. Nothing in it is secret.
type HostKey struct {
	File        string `json:"file"`        // name of the private half in Dir
	Type        string `json:"type"`        // as sshd names it: ssh-ed25519, ecdsa-sha2-nistp256 …
	Bits        int    `json:"bits"`        // as ssh-keygen counts: 256 for Ed25519
	Fingerprint string `json:"fingerprint"` // SHA256:… without padding
	Public      string `json:"public"`      // the key as known_hosts has it: "type base64"
	Comment     string `json:"comment"`
}

// String is the line that `ssh-keygen -l` prints.
func (k HostKey) String() string {
	comment := k.Comment
	if comment == "" {
		comment = "no comment"
	}
	return fmt.Sprintf("%d %s %s (%s)", k.Bits, k.Fingerprint, comment, k.kind())
}

// kind is the name of the algorithm in ssh-keygen's listings.
func (k HostKey) kind() string {
	kind, _, _ := strings.Cut(strings.TrimPrefix(k.Type, "ssh-"), "-")
	return strings.ToUpper(kind)
}

// parsePublic reads the first line of a public key file.
func parsePublic(file string, data []byte) (HostKey, error) {
	public, comment, _, _, err := ssh.ParseAuthorizedKey(data)
	if err != nil {
		return HostKey{}, fmt.Errorf("cannot read public key %s.pub: %w", file, err)
	}
	return HostKey{
		File:        file,
		Type:        public.Type(),
		Bits:        bits(public),
		Fingerprint: ssh.FingerprintSHA256(public),
		Public:      strings.TrimSuffix(string(ssh.MarshalAuthorizedKey(public)), "\n"),
		Comment:     oneLine(comment),
	}, nil
}

func bits(public ssh.PublicKey) int {
	if p, ok := public.(ssh.CryptoPublicKey); ok {
		switch key := p.CryptoPublicKey().(type) {
		case *rsa.PublicKey:
			return key.N.BitLen()
		case *ecdsa.PublicKey:
			return key.Curve.Params().BitSize
		}
	}
	return 256
}

// oneLine keeps a comment, which anybody may have written, from adding lines to the console.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s)
}

// List returns the host keys that sshd finds by itself in the tree, in the order of their names. The public halves are read;
// a key whose public half is missing is left out.
func List(root *rootfs.Root) ([]HostKey, error) {
	names, err := entries(root)
	if err != nil {
		return nil, err
	}
	var list []HostKey
	var bad []error
	for _, name := range names {
		file, isPublic := strings.CutSuffix(name, ".pub")
		if !isPublic || !isPrivateName(file) {
			continue
		}
		data, err := root.ReadFile(Dir + "/" + name)
		if err != nil {
			bad = append(bad, err)
			continue
		}
		key, err := parsePublic(file, data)
		if err != nil {
			bad = append(bad, err)
			continue
		}
		list = append(list, key)
	}
	return list, errors.Join(bad...)
}

// usable tells whether sshd can load the private key. Keys are empty after a power cut that met a generator without fsync
// (cloud-init issue 5305).
func usable(root *rootfs.Root, name string) (bool, error) {
	data, err := root.ReadFile(Dir + "/" + name)
	if err != nil {
		return false, err
	}
	_, err = ssh.ParseRawPrivateKey(data)
	return err == nil, nil
}
