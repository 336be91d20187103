package keys

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// An Authority signs host certificates: a private key, or a command that asks somebody who has one.
//
// Use a command. Whoever has the private key can pose as every host that the clients of the authority trust, and a key on an
// instance is in reach of everything that runs there as root; baked into an image it is also in the hands of everybody who can
// start or copy the image, and user data can be read by every process of the instance and by everybody who may describe it. A
// signing service decides by itself what to sign (it can check the instance identity document, and that the names are the
// instance's), keeps a log, and can be switched off. A key file is for tests, and for a private network where the key comes from
// a secret store at boot and is deleted afterwards; certificates that were signed stay good without it.
type Authority struct {
	KeyFile        string   // private key in OpenSSH's format: Ed25519, ECDSA or RSA; root's, and nobody else may read it
	PassphraseFile string   // has the passphrase of KeyFile, with or without a line feed; "" where it has none
	Command        []string // instead of KeyFile: program and arguments, see Certifier.Sign
	Public         []byte   // who may have signed, a public key a line, as in authorized_keys(5); empty: whoever did
}

func (a Authority) validate() error {
	switch {
	case a.KeyFile == "" && len(a.Command) == 0:
		return errors.New("cannot sign host keys: neither a key of the certificate authority nor a signing command is configured")
	case a.KeyFile != "" && len(a.Command) > 0:
		return errors.New("cannot choose between the certificate authority's key and the signing command: configure one of them")
	case a.PassphraseFile != "" && a.KeyFile == "":
		return errors.New("a passphrase file is of no use without a key of the certificate authority")
	}
	_, err := a.trusted()
	return err
}

// trusted parses Public.
func (a Authority) trusted() ([]ssh.PublicKey, error) {
	var list []ssh.PublicKey
	for rest := a.Public; len(bytes.TrimSpace(rest)) > 0; {
		key, _, _, next, err := ssh.ParseAuthorizedKey(rest)
		if err != nil {
			return nil, fmt.Errorf("cannot read the public key of the certificate authority: %w", err)
		}
		list, rest = append(list, key), next
	}
	return list, nil
}

// accepted are the keys that may have signed, or none where that is not known: the authority's key may be gone by now.
func (a Authority) accepted(root *rootfs.Root) ([]ssh.PublicKey, error) {
	list, err := a.trusted()
	if err != nil || len(list) > 0 || a.KeyFile == "" {
		return list, err
	}
	if there, err := root.Exists(a.KeyFile); !there || err != nil {
		return nil, err
	}
	signer, err := a.signer(root)
	if err != nil {
		return nil, err
	}
	return []ssh.PublicKey{signer.PublicKey()}, nil
}

// signer opens KeyFile.
func (a Authority) signer(root *rootfs.Root) (ssh.Signer, error) {
	fail := func(err error) (ssh.Signer, error) {
		return nil, fmt.Errorf("cannot use the key of the certificate authority: %w", err)
	}
	text, err := readSecret(root, a.KeyFile)
	if err != nil {
		return fail(err)
	}
	var key ssh.Signer
	if a.PassphraseFile == "" {
		key, err = ssh.ParsePrivateKey(text)
		if _, locked := errors.AsType[*ssh.PassphraseMissingError](err); locked {
			err = errors.New("it has a passphrase; configure the file that has it")
		}
	} else {
		var passphrase []byte
		if passphrase, err = readSecret(root, a.PassphraseFile); err != nil {
			return fail(err)
		}
		key, err = ssh.ParsePrivateKeyWithPassphrase(text, bytes.TrimRight(passphrase, "\r\n"))
	}
	if err != nil {
		return fail(fmt.Errorf("%s: %w", a.KeyFile, err))
	}
	algorithm, err := signatureOf(key.PublicKey())
	if err != nil {
		return fail(fmt.Errorf("%s: %w", a.KeyFile, err))
	}
	with, ok := key.(ssh.AlgorithmSigner)
	if !ok {
		return fail(fmt.Errorf("%s: its algorithm cannot be chosen", a.KeyFile))
	}
	return ssh.NewSignerWithAlgorithms(with, []string{algorithm})
}

// signatureOf names the algorithm that an authority's key signs with. RSA with SHA-1, which the type of an RSA key is named
// for, is refused by clients since OpenSSH 8.2.
func signatureOf(key ssh.PublicKey) (string, error) {
	switch kind := key.Type(); kind {
	case ssh.KeyAlgoRSA:
		return ssh.KeyAlgoRSASHA512, nil
	case ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521:
		return kind, nil
	default:
		return "", fmt.Errorf("a key of type %s cannot sign host certificates; take Ed25519, ECDSA or RSA", kind)
	}
}

// readSecret reads a file that only its owner may read, and that belongs to who runs this, or to root. What is checked is the
// file that is read.
func readSecret(root *rootfs.Root, name string) ([]byte, error) {
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return nil, err
	}
	switch st, ok := fi.Sys().(*syscall.Stat_t); {
	case !fi.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no file", name)
	case fi.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("others may use %s, its mode is %#o; run `chmod 600 %s`, and consider whether the key has leaked", name, fi.Mode().Perm(), name)
	case !ok || int(st.Uid) != os.Geteuid() && st.Uid != 0:
		return nil, fmt.Errorf("%s does not belong to root; run `chown root %s`", name, name)
	case fi.Size() > 1<<20:
		return nil, fmt.Errorf("%s is larger than 1 MiB", name)
	}
	return io.ReadAll(io.LimitReader(f, 1<<20))
}

// issue signs a certificate for a key with the authority's own one.
func issue(signer ssh.Signer, key ssh.PublicKey, r request, now time.Time) (*ssh.Certificate, error) {
	serial := make([]byte, 8)
	if _, err := rand.Read(serial); err != nil {
		return nil, err
	}
	c := &ssh.Certificate{
		Key:             key,
		Serial:          binary.BigEndian.Uint64(serial), // nobody counts here; a revocation list needs it to be unique
		CertType:        ssh.HostCert,
		KeyId:           r.id,
		ValidPrincipals: slices.Clone(r.principals),
		ValidAfter:      uint64(now.Add(-backdated).Unix()),
		ValidBefore:     ssh.CertTimeInfinity,
	}
	if r.lifetime > 0 {
		c.ValidBefore = uint64(now.Add(r.lifetime).Unix())
	}
	if err := c.SignCert(rand.Reader, signer); err != nil {
		return nil, fmt.Errorf("cannot sign a host certificate: %w", err)
	}
	return c, nil
}
