package cfengine

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"
)

// serve shows a key as cf-serverd does, with TLS of a version.
func serve(t *testing.T, version uint16, suites ...uint16) (string, *rsa.PublicKey) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
		ClientAuth:   tls.RequireAnyClientCert, MinVersion: version, MaxVersion: version, CipherSuites: suites,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				conn.(*tls.Conn).Handshake()
				conn.Close()
			}()
		}
	}()
	return l.Addr().String(), &key.PublicKey
}

func TestServed(t *testing.T) {
	for _, c := range []struct {
		version uint16
		suites  []uint16
	}{{tls.VersionTLS13, nil}, {tls.VersionTLS12, nil}, {tls.VersionTLS12, []uint16{tls.TLS_RSA_WITH_AES_256_GCM_SHA384}}} {
		address, want := serve(t, c.version, c.suites...)
		key, err := served(t.Context(), address)
		if err != nil || !key.Equal(want) {
			t.Errorf("%s: %v, %v", tls.VersionName(c.version), key, err)
		}
	}
}

// A daemon that hangs takes connections all the same: the kernel does that.
func TestServedByWhatHangs(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	began := time.Now()
	_, err = served(t.Context(), l.Addr().String())
	if err == nil || !strings.Contains(err.Error(), "it hangs") || time.Since(began) > 2*time.Second {
		t.Errorf("after %v: %v", time.Since(began), err)
	}
	l.Close()
	if _, err = served(t.Context(), l.Addr().String()); err == nil || !strings.Contains(err.Error(), "cannot connect to cf-serverd") {
		t.Errorf("nobody listens: %v", err)
	}
}

func TestServedBySomethingElse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conn.Write([]byte("SSH-2.0-OpenSSH_9.2\r\n"))
			conn.Close()
		}
	}()
	if _, err := served(t.Context(), l.Addr().String()); err == nil || !strings.Contains(err.Error(), "cannot see the key") {
		t.Errorf("a server of another protocol: %v", err)
	}
}

// A key that is not the pinned one is final: waiting for another would be waiting for the attacker to go away.
func TestFetchStopsAtAForeignKey(t *testing.T) {
	address, key := serve(t, tls.VersionTLS13)
	name, number, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	h := &host{Settings: &Settings{Hub: name}}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if got, err := h.fetchAt(ctx, number, digestOf(theirs, key)); err != nil || !got.Equal(key) {
		t.Errorf("%v, %v", got, err)
	}
	began := time.Now()
	_, err = h.fetchAt(ctx, number, theirs)
	if err == nil || !strings.Contains(err.Error(), string(theirs)) || !strings.Contains(err.Error(), "it is no hub of theirs") || errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 5*time.Second {
		t.Errorf("after %v: %v", time.Since(began), err)
	}
}
