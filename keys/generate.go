package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/pem"
	"fmt"

	"golang.org/x/crypto/ssh"
)

// A pair is one host key, as it stands in its two files.
type pair struct {
	File    string `json:"file"`    // name of the private half in Dir
	Private string `json:"private"` // OpenSSH's own format (PROTOCOL.key)
	Public  string `json:"public"`  // "type base64 comment\n"
}

// generate makes one key of each kind. The comment goes into both halves.
func generate(comment string) ([]pair, error) {
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("cannot generate an Ed25519 key: %w", err)
	}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("cannot generate an ECDSA key: %w", err)
	}
	var pairs []pair
	for _, key := range []struct {
		file   string
		signer crypto.Signer
	}{{"ssh_host_ed25519_key", ed}, {"ssh_host_ecdsa_key", ec}} {
		p, err := encode(key.file, key.signer, comment)
		if err != nil {
			return nil, fmt.Errorf("cannot encode %s: %w", key.file, err)
		}
		pairs = append(pairs, p)
	}
	return pairs, nil
}

func encode(file string, key crypto.Signer, comment string) (pair, error) {
	private, err := ssh.MarshalPrivateKey(key, comment)
	if err != nil {
		return pair{}, err
	}
	public, err := ssh.NewPublicKey(key.Public())
	if err != nil {
		return pair{}, err
	}
	line := ssh.MarshalAuthorizedKey(public) // ends in a newline
	return pair{
		File:    file,
		Private: string(pem.EncodeToMemory(private)),
		Public:  string(line[:len(line)-1]) + " " + comment + "\n",
	}, nil
}
