package publish

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// Pair is a key pair in a folder.
type Pair struct {
	Private, Public string // names of the files
	Bits            int    // of a key that is made: 2048, 3072 or 4096
	// Generate makes a key of so many bits; nil takes the system's random numbers.
	Generate func(bits int) (*rsa.PrivateKey, error)
}

// ErrRefused says that what is in the folder can be read in more than one way, so nothing was done.
var ErrRefused = errors.New("refused")

const (
	privateType = "RSA PRIVATE KEY"
	publicType  = "RSA PUBLIC KEY"
	largest     = 64 << 10 // bytes of a file with a key
)

func (p Pair) validate() error {
	for _, name := range []string{p.Private, p.Public} {
		if name == "" || path.Base(name) != name || name == p.Private && name == p.Public {
			return fmt.Errorf("cannot publish a key pair as %q and %q: two names of files are wanted", p.Private, p.Public)
		}
	}
	if !slices.Contains([]int{2048, 3072, 4096}, p.Bits) {
		return fmt.Errorf("cannot make an RSA key of %d bits: it can have 2048, 3072 or 4096", p.Bits)
	}
	return nil
}

func (p Pair) generate() (*rsa.PrivateKey, error) {
	if p.Generate != nil {
		return p.Generate(p.Bits)
	}
	return rsa.GenerateKey(rand.Reader, p.Bits)
}

// private reads the private key; fs.ErrNotExist where there is none to be seen.
func (p Pair) private(dir *rootfs.Dir) (*rsa.PrivateKey, error) {
	data, err := read(dir, p.Private, privateType, true)
	if err != nil {
		return nil, err
	}
	key, err := x509.ParsePKCS1PrivateKey(data)
	if err != nil {
		return nil, refuse(dir, p.Private, "it is no private RSA key: %v", err)
	}
	return key, nil
}

// public reads the public key; fs.ErrNotExist where there is none to be seen.
func (p Pair) public(dir *rootfs.Dir) (*rsa.PublicKey, error) {
	data, err := read(dir, p.Public, publicType, false)
	if err != nil {
		return nil, err
	}
	key, err := x509.ParsePKCS1PublicKey(data)
	if err != nil {
		return nil, refuse(dir, p.Public, "it is no public RSA key: %v", err)
	}
	return key, nil
}

// read returns what is in the one PEM block of a file.
func read(dir *rootfs.Dir, name, kind string, secret bool) ([]byte, error) {
	f, err := dir.OpenFile(name, os.O_RDONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !fi.Mode().IsRegular() {
		return nil, refuse(dir, name, "it is no file")
	}
	if secret && fi.Mode().Perm()&0o077 != 0 {
		return nil, refuse(dir, name, "others than its owner may read it (mode %04o): whoever did may pose as its owner. Make a new pair, or, if nobody else was on the share, `chmod 600` it", fi.Mode().Perm())
	}
	data, err := io.ReadAll(io.LimitReader(f, largest+1))
	if err != nil {
		return nil, err
	}
	block, rest := pem.Decode(data)
	if block == nil || block.Type != kind || len(rest) > 0 || len(data) > largest {
		return nil, refuse(dir, name, "it is not one PEM block of the type %s", kind)
	}
	return block.Bytes, nil
}

func refuse(dir *rootfs.Dir, name, format string, args ...any) error {
	return fmt.Errorf("%w: %s: %s", ErrRefused, path.Join(dir.Name(), name), fmt.Sprintf(format, args...))
}

func encode(kind string, data []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data})
}
