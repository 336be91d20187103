// Package hubs runs the set-up of docs/cfengine-hubs.md on one machine, in containers: policy hubs that share a folder, a balancer
// before them, and clients that know nobody but the balancer; for `make demo-hubs` and the tests.
//
// What is real: images that `leaven bake` sealed, first boot from user data by way of the metadata service, Debian's CFEngine,
// haproxy in TCP mode, names, routes. As in a VPC, each machine is in a subnet of its own, and as with a network load balancer, hubs
// see their clients' own addresses, so that a hub cannot reach itself through the balancer. What is not: the share is a folder of
// this machine that is mounted into the containers, since they have no kernel of their own to mount NFS with.
package hubs

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"github.com/leaven-dev/leaven/e2e/cache"
	"github.com/leaven-dev/leaven/e2e/netns"
	"github.com/leaven-dev/leaven/e2e/nfs"
)

// Addresses in the VPC, 10.9.0.0/16. Machine number N has 10.9.N.10 in a subnet of its own.
const (
	resolver  = "10.9.0.2" // the second address of the VPC, as in EC2
	Balancer  = "10.9.0.10"
	gateway   = "10.9.%d.1"
	ownNumber = "10.9.%d.10"
)

// Name is the balancer's, as docs/cfengine-hubs.md has it.
const Name = "hubs-0123456789abcdef.elb.eu-central-1.amazonaws.com"

// VPC is a network with a router, which also resolves names and carries the balancer, and the share of the hubs.
type VPC struct {
	Share      string // the folder that stands in for EFS; in it are ppkeys and masterfiles
	FileSystem string // its type
	Logs       string // the folder of consoles and of the balancer's log

	router *netns.Namespace
	names  *nfs.Names

	mu       sync.Mutex
	machines int
	closers  []func() error
}

// NewVPC makes one without machines. Logs go to a folder.
func NewVPC(ctx context.Context, logs string) (*VPC, error) {
	v := &VPC{Logs: logs}
	if err := v.start(ctx); err != nil {
		return nil, errors.Join(err, v.Close())
	}
	return v, nil
}

func (v *VPC) start(ctx context.Context) error {
	s, err := cache.NewScratch()
	if err != nil {
		return err
	}
	v.atEnd(s.Close)
	v.Share = filepath.Join(s.Path, "share")
	if err := v.EmptyShare(); err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, "findmnt", "--noheadings", "--output", "FSTYPE", "--target", v.Share).Output()
	if err != nil {
		return fmt.Errorf("cannot tell the file system of %s: %w", v.Share, err)
	}
	v.FileSystem = strings.TrimSpace(string(out))
	if v.router, err = netns.New(ctx); err != nil {
		return err
	}
	v.atEnd(v.router.Close)
	for _, address := range []string{resolver, Balancer} {
		if err := v.router.AddAddress(ctx, "lo", address+"/32"); err != nil {
			return err
		}
	}
	if _, err := v.router.Run(ctx, "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward"); err != nil {
		return err
	}
	if v.names, err = nfs.ServeNamesAt(ctx, v.router, resolver+":53"); err != nil {
		return err
	}
	v.atEnd(v.names.Close)
	v.names.Set(Name, netip.MustParseAddr(Balancer))
	return nil
}

// folders of the share.
func folders() []string { return []string{"ppkeys", "masterfiles"} }

// EmptyShare makes the share what a new file system is. What is mounted into a machine stays the same folder.
func (v *VPC) EmptyShare() error {
	for _, name := range folders() {
		dir := filepath.Join(v.Share, name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
		if err := os.Chmod(dir, 0o755); err != nil { // as the root of a share mostly is
			return err
		}
	}
	return nil
}

// Mounts are the arguments for nspawn that mount folders of the share; without names, both.
func (v *VPC) Mounts(names ...string) []string {
	if names == nil {
		names = folders()
	}
	var args []string
	for _, name := range names {
		args = append(args, "--bind="+filepath.Join(v.Share, name)+":/var/lib/cfengine3/"+name)
	}
	return args
}

func (v *VPC) atEnd(closer func() error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.closers = append(v.closers, closer)
}

// Close ends everything in it, the last first.
func (v *VPC) Close() error {
	v.mu.Lock()
	closers := v.closers
	v.closers = nil
	v.mu.Unlock()
	var bad []error
	for i := range closers {
		bad = append(bad, closers[len(closers)-1-i]())
	}
	return errors.Join(bad...)
}
