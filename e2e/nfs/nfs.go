// Package nfs runs a real NFS server for virtual machines: Ganesha, in a network
// namespace. A guest of package qemu or uml reaches it as 10.0.2.2.
//
// It also answers DNS there, over TCP, for names that a test makes appear and
// vanish. The guest needs "nameserver 10.0.2.2" and "options use-vc".
package nfs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/leaven-dev/leaven/e2e/machine"
	"github.com/leaven-dev/leaven/e2e/netns"
)

// Address is where the server listens, in the namespace.
const Address = "0.0.0.0:2049"

// Server is a Ganesha that runs.
type Server struct {
	cmd *exec.Cmd
	log string
}

// Start starts a server and waits until it accepts connections. Exports are
// folders of this machine by the path that clients name. Dir is for its files.
func Start(ctx context.Context, ns *netns.Namespace, dir string, exports map[string]string) (*Server, error) {
	return StartAt(ctx, ns, Address, dir, exports)
}

// StartAt is Start for a server on another port.
func StartAt(ctx context.Context, ns *netns.Namespace, address, dir string, exports map[string]string) (*Server, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(machine.NeedRoot(), machine.Need("ganesha.nfsd", "/usr/lib/x86_64-linux-gnu/ganesha/libfsalvfs.so")); err != nil {
		return nil, err
	}
	// The recovery backend's folder is compiled in.
	if err := os.MkdirAll("/var/lib/nfs/ganesha", 0o755); err != nil {
		return nil, err
	}
	var conf strings.Builder
	fmt.Fprintf(&conf, "NFS_CORE_PARAM { Protocols = 4; Bind_addr = %s; NFS_Port = %s; Enable_NLM = false; Enable_RQUOTA = false; }\n"+
		"NFSV4 { Graceless = true; RecoveryBackend = fs; }\n", host, port)
	for i, path := range slices.Sorted(maps.Keys(exports)) {
		fmt.Fprintf(&conf, "EXPORT { Export_Id = %d; Path = %s; Pseudo = %s; Access_Type = RW; Squash = No_Root_Squash; SecType = sys; FSAL { Name = VFS; } }\n", i+1, exports[path], path)
	}
	file, log := filepath.Join(dir, "ganesha.conf"), filepath.Join(dir, "ganesha.log")
	if err := os.WriteFile(file, []byte(conf.String()), 0o644); err != nil {
		return nil, err
	}
	cmd := ns.Command(ctx, "ganesha.nfsd", "-F", "-f", file, "-L", log, "-p", filepath.Join(dir, "ganesha.pid"))
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("cannot start the NFS server: %w", err)
	}
	s := &Server{cmd, log}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		conn, err := netns.Dial(ctx, ns.Path(), address)
		if err == nil {
			return s, conn.Close()
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			text, _ := os.ReadFile(log)
			return nil, errors.Join(fmt.Errorf("the NFS server does not come up: %w\n%s", err, text), s.Kill())
		}
	}
}

// Kill ends the server as a crash would. Connections to it are reset.
func (s *Server) Kill() error {
	err := s.cmd.Process.Signal(syscall.SIGKILL)
	s.cmd.Wait() // always an error: killed
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// Suspend makes the server one that hangs: connections are made, and nothing is answered.
func (s *Server) Suspend() error { return s.cmd.Process.Signal(syscall.SIGSTOP) }

// Resume lets it go on.
func (s *Server) Resume() error { return s.cmd.Process.Signal(syscall.SIGCONT) }
