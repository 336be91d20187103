// Package sshclient logs in to machines that the end-to-end tests boot, and tells
// which host keys they show.
//
// It accepts any host key, which is right only for machines that the test itself
// booted on this one.
package sshclient

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// Key is a login key made for one run.
type Key struct {
	Signer     ssh.Signer
	Authorized string // the line for authorized_keys, without a line feed
}

// NewKey makes an Ed25519 key.
func NewKey() (*Key, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("cannot make a login key: %w", err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		return nil, fmt.Errorf("cannot make a login key: %w", err)
	}
	return &Key{Signer: signer, Authorized: strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey())))}, nil
}

// Client is a connection; close it.
type Client struct {
	*ssh.Client
	HostKey ssh.PublicKey // what the server showed
}

// Dial logs in, and tries again every half second until ctx ends: the machine may
// still be booting.
func Dial(ctx context.Context, address, user string, key *Key) (*Client, error) {
	for {
		c, err := dialOnce(ctx, address, user, key)
		if err == nil {
			return c, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("cannot log in as %s at %s: %w", user, address, err)
		case <-time.After(500 * time.Millisecond):
		}
	}
}

func dialOnce(ctx context.Context, address, user string, key *Key) (*Client, error) {
	c := &Client{}
	config := &ssh.ClientConfig{
		User: user,
		Auth: []ssh.AuthMethod{ssh.PublicKeys(key.Signer)},
		HostKeyCallback: func(_ string, _ net.Addr, k ssh.PublicKey) error {
			c.HostKey = k
			return nil
		},
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	// QEMU accepts before the guest listens: without a deadline the handshake hangs.
	conn.SetDeadline(time.Now().Add(15 * time.Second))
	sc, channels, requests, err := ssh.NewClientConn(conn, address, config)
	if err != nil {
		conn.Close()
		return nil, err
	}
	conn.SetDeadline(time.Time{})
	c.Client = ssh.NewClient(sc, channels, requests)
	return c, nil
}

// Run runs a shell command and returns its standard output. The error of one
// that fails has its standard error. When ctx ends, the connection is closed.
func (c *Client) Run(ctx context.Context, command string) (string, error) {
	return c.run(ctx, command, nil)
}

// Write puts text in a file with mode 0755, as the user who is logged in.
func (c *Client) Write(ctx context.Context, path string, text io.Reader) error {
	quoted := "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
	_, err := c.run(ctx, "cat > "+quoted+" && chmod 0755 "+quoted, text)
	return err
}

func (c *Client) run(ctx context.Context, command string, stdin io.Reader) (string, error) {
	session, err := c.NewSession()
	if err != nil {
		return "", fmt.Errorf("cannot run %q over SSH: %w", command, err)
	}
	defer session.Close()
	defer context.AfterFunc(ctx, func() { c.Close() })()
	var stdout, stderr bytes.Buffer
	session.Stdin, session.Stdout, session.Stderr = stdin, &stdout, &stderr
	if err := session.Run(command); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return stdout.String(), fmt.Errorf("cannot run %q over SSH: %w: %s", command, err, strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), nil
}

// HostKeys returns the host keys that the server at address has, by algorithm
// ("ssh-ed25519" …). It asks for each in a handshake of its own and does not log in.
func HostKeys(ctx context.Context, address string, algorithms ...string) (map[string]ssh.PublicKey, error) {
	keys := map[string]ssh.PublicKey{}
	for _, algorithm := range algorithms {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err != nil {
			return nil, fmt.Errorf("cannot ask %s for its host keys: %w", address, err)
		}
		conn.SetDeadline(time.Now().Add(15 * time.Second))
		// It always fails, for want of a login; the key comes first.
		_, _, _, err = ssh.NewClientConn(conn, address, &ssh.ClientConfig{
			User:              "nobody",
			HostKeyAlgorithms: []string{algorithm},
			HostKeyCallback: func(_ string, _ net.Addr, k ssh.PublicKey) error {
				keys[algorithm] = k
				return nil
			},
		})
		conn.Close()
		if keys[algorithm] == nil && (err == nil || !strings.Contains(err.Error(), "no common algorithm")) {
			return nil, fmt.Errorf("cannot ask %s for its %s host key: %w", address, algorithm, err)
		}
	}
	return keys, nil
}
