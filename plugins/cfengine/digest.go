package cfengine

import (
	"crypto/md5"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"strings"
)

// digest is how CFEngine names a key: "MD5=" and 32 hexadecimal digits in the community edition, "SHA=" and 64 in Enterprise.
type digest string

var digestForm = regexp.MustCompile(`^(?:MD5=[0-9a-f]{32}|SHA=[0-9a-f]{64})$`)

func parseDigest(text string) (digest, error) {
	if !digestForm.MatchString(text) {
		return "", fmt.Errorf("%q is no digest such as MD5=… with 32 or SHA=… with 64 small hexadecimal digits, no PEM text, and no path", text)
	}
	return digest(text), nil
}

// digestOf is the digest of a key in the form of another digest, or of a prefix: the hash of the bytes of the modulus and then of
// the exponent, both without leading zeros. MD5 is CFEngine's choice; what counts here is that nobody can make a second key for a
// given digest, which holds for MD5 still.
func digestOf(form digest, key *rsa.PublicKey) digest {
	data := append(key.N.Bytes(), big.NewInt(int64(key.E)).Bytes()...)
	if strings.HasPrefix(string(form), "SHA=") {
		sum := sha256.Sum256(data)
		return digest("SHA=" + hex.EncodeToString(sum[:]))
	}
	sum := md5.Sum(data)
	return digest("MD5=" + hex.EncodeToString(sum[:]))
}

// parsePublic reads a public key as CFEngine writes it: PKCS#1.
func parsePublic(data []byte) (*rsa.PublicKey, error) {
	block, _ := pem.Decode(data)
	if block == nil || block.Type != "RSA PUBLIC KEY" {
		return nil, errors.New("it is not CFEngine's form of a public key, which begins with -----BEGIN RSA PUBLIC KEY-----")
	}
	key, err := x509.ParsePKCS1PublicKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("it is no public RSA key: %w", err)
	}
	return key, nil
}

// encodePublic is the reverse.
func encodePublic(key *rsa.PublicKey) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(key)})
}

// trustedName is the file in ppkeys that makes CFEngine trust a key.
func trustedName(d digest) string { return "root-" + string(d) + ".pub" }
