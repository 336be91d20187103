package keys

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"
)

// maxCertificate bounds what a signing command may print, in bytes. A certificate for an RSA key has about 2,000.
const maxCertificate = 64 << 10

// ask has a certificate made by the signing command. What it is told is not secret; it gets it in the environment because
// names could be taken for options among the arguments.
func ask(ctx context.Context, argv []string, key ssh.PublicKey, r request) (*ssh.Certificate, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(),
		"LC_ALL=C.UTF-8",
		"LEAVEN_INSTANCE_ID="+r.instance,
		"LEAVEN_PRINCIPALS="+strings.Join(r.principals, ","),
		"LEAVEN_KEY_ID="+r.id,
		"LEAVEN_KEY_TYPE="+key.Type(),
		"LEAVEN_LIFETIME="+strconv.FormatInt(int64(r.lifetime/time.Second), 10),
	)
	stdout, stderr := bounded{left: maxCertificate}, bounded{left: 2000}
	cmd.Stdin = bytes.NewReader(ssh.MarshalAuthorizedKey(key))
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	// What it started ends with it: a helper that hangs must not stay behind.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 2 * time.Second
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = errors.Join(context.Cause(ctx), err)
		}
		said := strings.TrimSpace(string(stderr.text))
		if said != "" {
			said = ": " + said
		}
		return nil, fmt.Errorf("cannot run the signing command `%s`: %w%s", argv[0], err, said)
	}
	if stdout.more {
		return nil, fmt.Errorf("the signing command `%s` printed more than %d bytes", argv[0], maxCertificate)
	}
	c, err := parseCertificate(stdout.text)
	if err != nil {
		return nil, fmt.Errorf("the signing command `%s` did not print a certificate: %w", argv[0], err)
	}
	return c, nil
}

// bounded keeps the beginning of what is written to it.
type bounded struct {
	text []byte
	left int
	more bool
}

func (b *bounded) Write(p []byte) (int, error) {
	n := min(len(p), b.left)
	b.left -= n
	b.more = b.more || n < len(p)
	b.text = append(b.text, p[:n]...)
	return len(p), nil
}

// parseCertificate reads the one line of a certificate file.
func parseCertificate(text []byte) (*ssh.Certificate, error) {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, errors.New("there is nothing")
	}
	key, _, _, rest, err := ssh.ParseAuthorizedKey(text)
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New("there is more than one line")
	}
	c, ok := key.(*ssh.Certificate)
	if !ok {
		return nil, fmt.Errorf("it is a key of type %s", key.Type())
	}
	return c, nil
}
