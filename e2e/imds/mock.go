package imds

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/leaven-dev/leaven/e2e/cache"
	"github.com/leaven-dev/leaven/e2e/console"
	"github.com/leaven-dev/leaven/e2e/netns"
)

// Mock is a running amazon-ec2-metadata-mock.
type Mock struct {
	Log *console.Log // what it prints

	done  chan struct{}
	err   error // why it ended; read after done
	close func() error
}

// StartMock runs amazon-ec2-metadata-mock in a namespace at the service's own
// address, with tokens required, and waits until it answers. Dir is for its log;
// args are its own (a command such as "spot" first). It ends with ctx, at Close,
// and with this process.
func StartMock(ctx context.Context, ns *netns.Namespace, dir string, args ...string) (*Mock, error) {
	program, err := cache.Tool("amazon-ec2-metadata-mock")
	if err != nil {
		return nil, err
	}
	if err := ns.AddAddress(ctx, "lo", "169.254.169.254/32"); err != nil {
		return nil, err
	}
	log, err := console.Create(filepath.Join(dir, "metadata-mock.log"))
	if err != nil {
		return nil, err
	}
	cmd := ns.Command(ctx, append(append([]string{program}, args...), "--imdsv2", "--hostname", "169.254.169.254", "--port", "80")...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(os.Environ(), "HOME="+dir) // it would read a config from there
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot start amazon-ec2-metadata-mock: %w", err), log.Close())
	}
	m := &Mock{Log: log, done: make(chan struct{})}
	m.close = sync.OnceValue(func() error {
		cmd.Process.Kill() // fails only when it has ended
		<-m.done
		return nil
	})
	go m.wait(cmd)
	if err := m.answers(ctx, ns); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	return m, nil
}

// Close ends it. A second Close does nothing.
func (m *Mock) Close() error { return m.close() }

func (m *Mock) wait(cmd *exec.Cmd) {
	m.err = cmd.Wait()
	m.Log.Close()
	close(m.done)
}

// answers waits until the port is open.
func (m *Mock) answers(ctx context.Context, ns *netns.Namespace) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		conn, err := netns.Dial(ctx, ns.Path(), Address)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-m.done:
			return fmt.Errorf("amazon-ec2-metadata-mock ended: %v; %s says:\n%s", m.err, m.Log.Path(), m.Log.Tail(10))
		case <-ctx.Done():
			return fmt.Errorf("amazon-ec2-metadata-mock does not answer: %w; see %s", err, m.Log.Path())
		case <-time.After(50 * time.Millisecond):
		}
	}
}
