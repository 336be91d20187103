package hubs

import (
	"context"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/leaven-dev/leaven/e2e/netns"
)

var errShown = errors.New("the key was shown")

// ServedKey is the key that cf-serverd shows to whoever connects. The test looks with code of its own, not with the plugin's.
func (m *Machine) ServedKey(ctx context.Context) (key *rsa.PublicKey, err error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	conn, err := netns.Dial(ctx, m.ns.Path(), m.Address+":5308")
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	err = tls.Client(conn, &tls.Config{
		InsecureSkipVerify: true, // it is the key that is looked at
		VerifyPeerCertificate: func(raw [][]byte, _ [][]*x509.Certificate) error {
			c, err := x509.ParseCertificate(raw[0])
			if err == nil {
				key, _ = c.PublicKey.(*rsa.PublicKey)
			}
			return errors.Join(err, errShown)
		},
	}).HandshakeContext(ctx)
	if key == nil {
		return nil, fmt.Errorf("%s shows no RSA key at %s:5308: %w", m.ID, m.Address, err)
	}
	return key, nil
}
