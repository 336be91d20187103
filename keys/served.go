package keys

import (
	"errors"
	"io/fs"
	"path"
	"slices"

	"golang.org/x/crypto/ssh"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// Served returns the private keys that sshd loads when it starts or is reloaded, as paths: those of the HostKey lines where there
// are any, else the three that it looks for by itself, as far as they can be used. A key that is in [Dir] and not in this list is
// one that sshd_config does not name. Options on sshd's command line are not seen.
func Served(root *rootfs.Root) ([]string, error) {
	named, err := configured(root, "hostkey", sshdConfig, 0)
	if err != nil {
		return nil, err
	}
	if len(named) == 0 { // servconf.c, fill_default_server_options
		named = []string{Dir + "/ssh_host_rsa_key", Dir + "/ssh_host_ecdsa_key", Dir + "/ssh_host_ed25519_key"}
	}
	var served []string
	for _, file := range named {
		if slices.Contains(served, file) {
			continue
		}
		switch public, err := publicOf(root, file); {
		case err != nil:
			return nil, err
		case public != nil:
			served = append(served, file)
		}
	}
	return served, nil
}

// certifiable are those among the served keys that [Make] and [MakeRSA] look after: their certificates go when they go.
func certifiable(root *rootfs.Root) ([]string, error) {
	served, err := Served(root)
	return slices.DeleteFunc(served, func(file string) bool { return path.Dir(file) != Dir || !IsHostKey(path.Base(file)) }), err
}

// publicOf returns the public half of a private key, taken from the private one, which is what sshd signs with. It is nil where
// there is no such file or sshd cannot load it.
func publicOf(root *rootfs.Root, file string) (ssh.PublicKey, error) {
	data, err := root.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	signer, err := ssh.ParsePrivateKey(data)
	if err != nil {
		return nil, nil
	}
	return signer.PublicKey(), nil
}
