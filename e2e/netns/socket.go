package netns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// Listen opens a listener of this process in the namespace.
func (n *Namespace) Listen(ctx context.Context, address string) (net.Listener, error) {
	var l net.Listener
	err := in(n.Path(), func() (err error) {
		l, err = (&net.ListenConfig{}).Listen(ctx, "tcp", address)
		return err
	})
	return l, err
}

// ListenPacket opens a UDP socket of this process in the namespace.
func (n *Namespace) ListenPacket(ctx context.Context, address string) (net.PacketConn, error) {
	var c net.PacketConn
	err := in(n.Path(), func() (err error) {
		c, err = (&net.ListenConfig{}).ListenPacket(ctx, "udp", address)
		return err
	})
	return c, err
}

// Dial connects this process to an address in the namespace of a file.
func Dial(ctx context.Context, path, address string) (net.Conn, error) {
	var c net.Conn
	err := in(path, func() (err error) {
		// Literal addresses only: a name would be looked up on another thread.
		c, err = (&net.Dialer{}).DialContext(ctx, "tcp", address)
		return err
	})
	return c, err
}

// in runs f on a thread that is in the namespace. A socket belongs to the namespace
// in which it was made, so only the making has to be there.
func in(path string, f func() error) error {
	there, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("cannot enter a network namespace: %w", err)
	}
	defer there.Close()
	result := make(chan error)
	go func() {
		// Never unlocked where coming back fails: the thread then ends with the goroutine.
		runtime.LockOSThread()
		here, err := os.Open("/proc/thread-self/ns/net")
		if err != nil {
			runtime.UnlockOSThread()
			result <- fmt.Errorf("cannot enter a network namespace: %w", err)
			return
		}
		defer here.Close()
		if err := unix.Setns(int(there.Fd()), unix.CLONE_NEWNET); err != nil {
			runtime.UnlockOSThread()
			result <- fmt.Errorf("cannot enter a network namespace: %w", err)
			return
		}
		err = f()
		if back := unix.Setns(int(here.Fd()), unix.CLONE_NEWNET); back != nil {
			result <- errors.Join(err, fmt.Errorf("cannot leave a network namespace: %w", back))
			return
		}
		runtime.UnlockOSThread()
		result <- err
	}()
	return <-result
}
