package remote

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"time"

	"github.com/leaven-dev/leaven/packer/agent"
)

// The file is born with its mode: nobody else can open it at any moment.
const putScript = `umask 077; cat >"$2" && printf "leaven-%s end\n" "$1"`

// The sum comes from whatever the far side has for it; an empty one makes the caller read the file back.
const sumScript = `n=$1; p=$2; chmod 700 "$p" && test -f "$p" || exit 1; ` +
	`h=$(sha256sum <"$p" 2>/dev/null || busybox sha256sum <"$p" 2>/dev/null || openssl dgst -sha256 -r <"$p" 2>/dev/null || shasum -a 256 <"$p" 2>/dev/null); ` +
	`printf "leaven-%s sha256 %s\nleaven-%s end\n" "$n" "${h%% *}" "$n"`

// Upload puts the agent into the staging folder and makes sure that it arrived whole. Probe must have gone before.
func (m *Machine) Upload(ctx context.Context, a agent.Agent) error {
	if err := m.put(ctx, a.Binary); err != nil {
		return fmt.Errorf("cannot upload the agent to %s: %w", m.path(), err)
	}
	answers, err := m.ask(ctx, script(sumScript, m.id, m.path()), nil)
	if err != nil {
		return fmt.Errorf("cannot check the agent in %s: %w", m.path(), err)
	}
	sum := answers["sha256"]
	if sum == "" {
		if sum, err = m.readBack(ctx); err != nil {
			return fmt.Errorf("cannot read the agent back from %s: %w", m.path(), err)
		}
	}
	if sum != a.SHA256 {
		return fmt.Errorf("the agent in %s has sha256 %s, not %s as it was sent", m.path(), sum, a.SHA256)
	}
	return nil
}

// path is where the agent lies on the far side.
func (m *Machine) path() string { return path.Join(m.facts.Staging, "leaven") }

// put writes the file through standard input, which needs neither scp nor sftp on the far side. A terminal would change
// bytes on their way, and never end; there the communicator's own file transfer has to do.
func (m *Machine) put(ctx context.Context, binary []byte) error {
	if !m.facts.Terminal {
		_, err := m.ask(ctx, script(putScript, m.id, m.path()), bytes.NewReader(binary))
		return err
	}
	done := make(chan error, 1)
	go func() {
		var info fs.FileInfo = fileInfo{size: int64(len(binary))}
		done <- m.comm.Upload(m.path(), bytes.NewReader(binary), &info)
	}()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case err := <-done:
		return err
	}
}

// readBack is the sum of the file as it comes back over the connection.
func (m *Machine) readBack(ctx context.Context) (string, error) {
	sum := sha256.New()
	if _, err := m.start(ctx, script(`cat "$1"`, m.path()), nil, sum); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// fileInfo is what the communicator's file transfer wants to know of a file: without it the mode would be 0644.
type fileInfo struct{ size int64 }

func (fileInfo) Name() string       { return "leaven" }
func (i fileInfo) Size() int64      { return i.size }
func (fileInfo) Mode() fs.FileMode  { return 0o700 }
func (fileInfo) ModTime() time.Time { return time.Time{} }
func (fileInfo) IsDir() bool        { return false }
func (fileInfo) Sys() any           { return nil }
