package cfengine

import (
	"context"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/leaven-dev/leaven/firstboot"
	"github.com/leaven-dev/leaven/internal/retry"
)

// port is where cf-serverd listens.
const port = "5308"

// patience is how long a hub may take to show its key. A balancer's probe, or the health endpoint's, has 2 s in all.
const patience = 1500 * time.Millisecond

var errShown = errors.New("the key was shown")

// served connects to a hub as any client does and returns the key that it shows, without showing one: `cf-net connect` would make
// this host trust the key, whatever it is. The handshake ends as soon as the key is there. It sees a cf-serverd that hangs, to which
// TCP alone connects still.
func served(ctx context.Context, address string) (*rsa.PublicKey, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot connect to cf-serverd at %s: %w", address, err)
	}
	defer conn.Close()
	var key *rsa.PublicKey
	handshake := tls.Client(conn, &tls.Config{
		InsecureSkipVerify: true, // it is the key that is looked at, by whoever calls
		MinVersion:         tls.VersionTLS12,
		CipherSuites:       suites(),
		VerifyPeerCertificate: func(raw [][]byte, _ [][]*x509.Certificate) error {
			c, err := x509.ParseCertificate(raw[0])
			if err != nil {
				return err
			}
			var is bool
			if key, is = c.PublicKey.(*rsa.PublicKey); !is {
				return fmt.Errorf("a %s key, where CFEngine has RSA", c.PublicKeyAlgorithm)
			}
			return errShown
		},
	})
	err = handshake.HandshakeContext(ctx)
	switch {
	case key != nil:
		return key, nil
	case ctx.Err() != nil:
		return nil, fmt.Errorf("cf-serverd at %s takes connections and does not answer: it hangs", address)
	case err == nil:
		err = errors.New("it shows no certificate")
	}
	return nil, fmt.Errorf("cannot see the key of what listens at %s: %w", address, err)
}

// suites are those of CFEngine's default for TLS 1.2, AES256-GCM-SHA384 and AES256-SHA, which Go leaves out by itself, and Go's
// own. Nothing is sent through the connection, so that their weakness is none here.
func suites() []uint16 {
	all := []uint16{tls.TLS_RSA_WITH_AES_256_GCM_SHA384, tls.TLS_RSA_WITH_AES_256_CBC_SHA}
	for _, s := range tls.CipherSuites() {
		all = append(all, s.ID)
	}
	return all
}

// fetch waits for a hub that shows the key of a digest. What shows another one is not waited for.
func (h *host) fetch(ctx context.Context, want digest) (*rsa.PublicKey, error) {
	return h.fetchAt(ctx, port, want)
}

func (h *host) fetchAt(ctx context.Context, port string, want digest) (key *rsa.PublicKey, err error) {
	err = retry.Do(ctx, func(ctx context.Context) error {
		var err error
		if key, err = served(ctx, net.JoinHostPort(h.Hub, port)); err != nil {
			return err
		}
		if is := digestOf(want, key); is != want {
			return retry.Stop(foreign(h.Hub, is, want))
		}
		return nil
	})
	return key, err
}

// foreign says that a hub has a key that it must not have.
func foreign(name string, is, want digest) error {
	return firstboot.WithCure(fmt.Errorf("%s shows the key %s, and the hubs' key is %s: it is no hub of theirs, or one that made a key of its own", name, is, want),
		"find out which machine answers at "+name+":"+port+"; if it is a hub, see that it has the share mounted; if the hubs' key was meant to change, correct policy_server_key")
}
