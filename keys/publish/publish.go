package publish

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/leaven-dev/leaven/internal/retry"
	"github.com/leaven-dev/leaven/internal/rootfs"
)

// unseen is how long what another NFS client made may stay unseen here: acregmax and acdirmax of nfs(5) are 60 s.
const unseen = 65 * time.Second

// prefix is how candidates begin. Nothing of CFEngine reads such names.
const prefix = ".leaven-candidate-"

// Publish makes sure that the folder has the pair, and returns its private key; made tells whether it is one that this call made.
// It can be run again at any time, and by many at a time. The error is ErrRefused where somebody has to look.
func (p Pair) Publish(ctx context.Context, dir *rootfs.Dir) (key *rsa.PrivateKey, made bool, err error) {
	if err := p.validate(); err != nil {
		return nil, false, err
	}
	for range attempts {
		// ENOENT is of a candidate that was swept while it was made, or while the folder was listed: seen on NFS alone, once in some
		// hundred rounds of TestKilledContenders.
		if key, made, err = p.publish(ctx, dir); !Lost(err) && !errors.Is(err, fs.ErrNotExist) || ctx.Err() != nil {
			break
		}
	}
	return key, made, err
}

// attempts is how often something may be lost on the way.
const attempts = 5

// Lost tells that a file went away while it was open: another contender had swept it, or the server was started anew meanwhile and
// would not know the file as open any more. The NFS client says so in several ways.
func Lost(err error) bool {
	return errors.Is(err, syscall.ESTALE) || errors.Is(err, syscall.EBADF) || errors.Is(err, syscall.EIO)
}

func (p Pair) publish(ctx context.Context, dir *rootfs.Dir) (key *rsa.PrivateKey, made bool, err error) {
	key, err = p.private(dir)
	if errors.Is(err, fs.ErrNotExist) {
		key, made, err = p.elect(ctx, dir)
	}
	if err != nil {
		return nil, false, err
	}
	if err := p.complete(ctx, dir, key); err != nil {
		return nil, false, err
	}
	return key, made, sweep(dir)
}

// Read returns the pair's key and changes nothing. It is fs.ErrNotExist where either half is missing.
func (p Pair) Read(dir *rootfs.Dir) (*rsa.PrivateKey, error) {
	key, err := p.private(dir)
	if err != nil {
		return nil, err
	}
	public, err := p.public(dir)
	if err == nil && !key.PublicKey.Equal(public) {
		err = p.different(dir)
	}
	return key, err
}

func (p Pair) different(dir *rootfs.Dir) error {
	return refuse(dir, p.Public, "it is not the public half of %s. One of them was put there by something else: find out which one the clients know, and remove the other", p.Private)
}

// elect offers a candidate for the private key and returns the one that was taken.
func (p Pair) elect(ctx context.Context, dir *rootfs.Dir) (*rsa.PrivateKey, bool, error) {
	switch _, err := p.public(dir); {
	case err == nil:
		// The other half may be there and not be seen yet.
		key, err := p.await(ctx, dir)
		if errors.Is(err, fs.ErrNotExist) {
			err = refuse(dir, p.Public, "it is there without %s. Restore that from a backup, or remove it to have a new pair made", p.Private)
		}
		return key, false, err
	case !errors.Is(err, fs.ErrNotExist):
		return nil, false, err
	}
	candidate, err := p.generate()
	if err != nil {
		return nil, false, fmt.Errorf("cannot make an RSA key: %w", err)
	}
	key, err := offer(dir, p.Private, encode(privateType, x509.MarshalPKCS1PrivateKey(candidate)), func() (*rsa.PrivateKey, error) { return p.await(ctx, dir) })
	return key, err == nil && key.Equal(candidate), err
}

// offer writes a candidate, links it to its name, and returns what get finds under that name then, which may be somebody else's.
func offer[T any](dir *rootfs.Dir, name string, data []byte, get func() (T, error)) (T, error) {
	own := prefix + rand.Text()
	if err := write(dir, own, data); err != nil {
		var none T
		return none, errors.Join(err, remove(dir, own))
	}
	linked := dir.Link(own, name)
	found, err := get()
	if errors.Is(err, fs.ErrNotExist) && linked != nil {
		err = linked
	}
	return found, errors.Join(err, remove(dir, own), dir.Sync())
}

// write writes a file that nobody else knows of. It has its own name from the beginning, so that [sweep] finds it.
func write(dir *rootfs.Dir, name string, data []byte) error {
	f, err := dir.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// await reads the private key that must be there by now.
func (p Pair) await(ctx context.Context, dir *rootfs.Dir) (*rsa.PrivateKey, error) {
	return await(ctx, func() (*rsa.PrivateKey, error) { return p.private(dir) })
}

// await calls get until what it looks for is seen here.
func await[T any](ctx context.Context, get func() (T, error)) (found T, err error) {
	ctx, cancel := context.WithTimeout(ctx, unseen)
	defer cancel()
	err = retry.Do(ctx, func(context.Context) error {
		var err error
		if found, err = get(); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return retry.Stop(err)
		}
		return err
	})
	return found, err
}

// complete makes sure that the public key is there and is that of the private one.
func (p Pair) complete(ctx context.Context, dir *rootfs.Dir, key *rsa.PrivateKey) error {
	public, err := p.public(dir)
	if errors.Is(err, fs.ErrNotExist) {
		public, err = offer(dir, p.Public, encode(publicType, x509.MarshalPKCS1PublicKey(&key.PublicKey)), func() (*rsa.PublicKey, error) {
			return await(ctx, func() (*rsa.PublicKey, error) { return p.public(dir) })
		})
	}
	if err != nil {
		return err
	}
	if !key.PublicKey.Equal(public) {
		return p.different(dir)
	}
	return nil
}

// sweep removes candidates, of those who died among others. Once the pair is there nobody needs his any more: whoever still
// tries to link his finds the pair.
func sweep(dir *rootfs.Dir) error {
	entries, err := dir.ReadDir()
	if err != nil {
		return err
	}
	var bad []error
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), prefix) {
			bad = append(bad, remove(dir, e.Name()))
		}
	}
	return errors.Join(bad...)
}

// remove removes a candidate that another contender may have removed already.
func remove(dir *rootfs.Dir, name string) error {
	if err := dir.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
