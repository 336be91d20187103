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
const sumScript = `n=$1; p=$2; chmod "$3" "$p" && test -f "$p" || exit 1; ` +
	`h=$(sha256sum <"$p" 2>/dev/null || busybox sha256sum <"$p" 2>/dev/null || openssl dgst -sha256 -r <"$p" 2>/dev/null || shasum -a 256 <"$p" 2>/dev/null); ` +
	`printf "leaven-%s sha256 %s\nleaven-%s end\n" "$n" "${h%% *}" "$n"`

// Upload puts the agent into the staging folder and makes sure that it arrived whole. Probe must have gone before.
func (m *Machine) Upload(ctx context.Context, a agent.Agent) error {
	return m.place(ctx, "the agent", fileInfo{name: agentName, size: int64(len(a.Binary)), mode: 0o700}, a.Binary)
}

// UploadBoot puts what the image is to boot with beside the agent, where `leaven install` finds it.
func (m *Machine) UploadBoot(ctx context.Context, a agent.Agent) error {
	return m.place(ctx, "the agent for boots", fileInfo{name: agentName + "-agent", size: int64(len(a.Boot)), mode: 0o700}, a.Boot)
}

// UploadSettings puts the agent's settings beside it, readable by the login user and by root alone, and returns their path.
func (m *Machine) UploadSettings(ctx context.Context, text []byte) (string, error) {
	info := fileInfo{name: "bake.yaml", size: int64(len(text)), mode: 0o600}
	return path.Join(m.facts.Staging, info.name), m.place(ctx, "the settings", info, text)
}

// UploadMounts puts a configuration of mounts beside the agent, and returns its path.
func (m *Machine) UploadMounts(ctx context.Context, text []byte) (string, error) {
	info := fileInfo{name: "mounts.yaml", size: int64(len(text)), mode: 0o600}
	return path.Join(m.facts.Staging, info.name), m.place(ctx, "the mounts", info, text)
}

// place puts a file into the staging folder and makes sure that it arrived whole.
func (m *Machine) place(ctx context.Context, what string, info fileInfo, content []byte) error {
	to := path.Join(m.facts.Staging, info.name)
	if err := m.put(ctx, to, info, content); err != nil {
		return fmt.Errorf("cannot upload %s to %s: %w", what, to, err)
	}
	answers, err := m.ask(ctx, script(sumScript, m.id, to, fmt.Sprintf("%o", info.mode)), nil)
	if err != nil {
		return fmt.Errorf("cannot check %s in %s: %w", what, to, err)
	}
	sum := answers["sha256"]
	if sum == "" {
		if sum, err = m.readBack(ctx, to); err != nil {
			return fmt.Errorf("cannot read %s back from %s: %w", what, to, err)
		}
	}
	if sent := sha256.Sum256(content); sum != hex.EncodeToString(sent[:]) {
		return fmt.Errorf("%s in %s has sha256 %s, not %x as it was sent", what, to, sum, sent)
	}
	return nil
}

// agentName is what the agent is called in the staging folder.
const agentName = "leaven"

// path is where the agent lies on the far side.
func (m *Machine) path() string { return path.Join(m.facts.Staging, agentName) }

// put writes the file through standard input, which needs neither scp nor sftp on the far side. A terminal would change
// bytes on their way, and never end; there the communicator's own file transfer has to do.
func (m *Machine) put(ctx context.Context, to string, info fs.FileInfo, content []byte) error {
	if !m.facts.Terminal {
		_, err := m.ask(ctx, script(putScript, m.id, to), bytes.NewReader(content))
		return err
	}
	done := make(chan error, 1)
	go func() { done <- m.comm.Upload(to, bytes.NewReader(content), &info) }()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case err := <-done:
		return err
	}
}

// readBack is the sum of the file as it comes back over the connection.
func (m *Machine) readBack(ctx context.Context, file string) (string, error) {
	sum := sha256.New()
	if _, err := m.start(ctx, script(`cat "$1"`, file), nil, sum); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// fileInfo is what the communicator's file transfer wants to know of a file: without it the mode would be 0644.
type fileInfo struct {
	name string
	size int64
	mode fs.FileMode
}

func (i fileInfo) Name() string      { return i.name }
func (i fileInfo) Size() int64       { return i.size }
func (i fileInfo) Mode() fs.FileMode { return i.mode }
func (fileInfo) ModTime() time.Time  { return time.Time{} }
func (fileInfo) IsDir() bool         { return false }
func (fileInfo) Sys() any            { return nil }
