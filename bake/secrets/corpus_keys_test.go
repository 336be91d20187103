package secrets

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/pem"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

// realKeys are true keys, made by the test.
func realKeys(t *testing.T) map[string][]byte {
	t.Helper()
	must := func(b []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	rsaKey, err := rsa.GenerateKey(cryptoRand, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), cryptoRand)
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(cryptoRand)
	if err != nil {
		t.Fatal(err)
	}
	open, err := ssh.MarshalPrivateKey(edKey, "root@builder")
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := ssh.MarshalPrivateKeyWithPassphrase(edKey, "root@builder", []byte("a passphrase"))
	if err != nil {
		t.Fatal(err)
	}
	pkcs1 := x509.MarshalPKCS1PrivateKey(rsaKey)
	sec1 := must(x509.MarshalECPrivateKey(ecKey))
	pkcs8 := must(x509.MarshalPKCS8PrivateKey(rsaKey))
	short := must(x509.MarshalPKCS8PrivateKey(edKey))
	encode := func(label string, der []byte) []byte {
		return pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der})
	}
	rsaPEM := encode("RSA PRIVATE KEY", pkcs1)
	return map[string][]byte{
		"PKCS#1":                 rsaPEM,
		"PKCS#8":                 encode("PRIVATE KEY", pkcs8),
		"PKCS#8 Ed25519":         encode("PRIVATE KEY", short),
		"SEC 1":                  encode("EC PRIVATE KEY", sec1),
		"OpenSSH":                pem.EncodeToMemory(open),
		"OpenSSH sealed":         pem.EncodeToMemory(sealed),
		"DER PKCS#1":             pkcs1,
		"DER PKCS#8":             pkcs8,
		"DER SEC 1":              sec1,
		"DER Ed25519":            short,
		"PEM with CRLF":          []byte(strings.ReplaceAll(string(rsaPEM), "\n", "\r\n")),
		"PEM in JSON":            []byte(`{"key":"` + strings.ReplaceAll(string(rsaPEM), "\n", `\n`) + `"}`),
		"PEM in JSON in JSON":    []byte(`{"a":"{\"key\":\"` + strings.ReplaceAll(string(rsaPEM), "\n", `\\n`) + `\"}"}`),
		"PEM indented":           []byte("key: |\n    " + strings.ReplaceAll(string(rsaPEM), "\n", "\n    ")),
		"PEM in program text":    []byte("k = \"" + strings.ReplaceAll(strings.TrimSpace(string(rsaPEM)), "\n", "\\n\" +\n    \"") + "\";\n"),
		"PEM in one line":        []byte("KEY=\"" + strings.ReplaceAll(string(rsaPEM), "\n", " ") + "\"\n"),
		"PEM in a comment":       []byte("# " + strings.ReplaceAll(string(rsaPEM), "\n", "\n# ")),
		"DER in base64":          []byte("key=" + base64.StdEncoding.EncodeToString(pkcs8) + "\n"),
		"DER in hex":             []byte("key=" + hex.EncodeToString(pkcs8) + "\n"),
		"PEM in base64":          []byte("data: " + base64.StdEncoding.EncodeToString(rsaPEM) + "\n"),
		"truncated at its end":   rsaPEM[:len(rsaPEM)-40],
		"certificate in front":   append(encode("CERTIFICATE", pkcs8[:400]), rsaPEM...),
		"encrypted PKCS#8 label": encode("ENCRYPTED PRIVATE KEY", pkcs8),
		"DSA label":              encode("DSA PRIVATE KEY", pkcs1[:400]),
		"PGP block":              []byte("-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: GnuPG v2\n\n" + wrap(base64.StdEncoding.EncodeToString(pkcs8), 64) + "=ab/9\n-----END PGP PRIVATE KEY BLOCK-----\n"),
		"PKCS#1 with DEK-Info":   []byte("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,0011AABB\n\n" + wrap(base64.StdEncoding.EncodeToString(pkcs1), 64) + "-----END RSA PRIVATE KEY-----\n"),
	}
}

// cryptoRand makes keys the same in every run, from a fixed seed: nothing that the tests find depends on the day.
var cryptoRand = rand.NewChaCha8([32]byte{1: 7})

func TestPrivateKeysOfEveryForm(t *testing.T) {
	s := newTestScanner(t)
	for name, content := range realKeys(t) {
		for _, path := range []string{"/etc/ssl/private/x.key", "/root/notes.txt", "/usr/share/app/data.bin", "/home/u/.ssh/id_work"} {
			hits := scanBytes(t, s, path, content)
			if len(hits) == 0 {
				t.Errorf("%s in %s was not found", name, path)
			}
			if sealed := strings.Contains(name, "sealed") || strings.Contains(name, "encrypted") || strings.Contains(name, "DEK"); len(hits) > 0 && sealed != (hits[0].Severity == Low) {
				t.Errorf("%s in %s has severity %s", name, path, hits[0].Severity)
			}
			if len(hits) > 1 {
				t.Errorf("%s in %s was found more than once: %s", name, path, describe(hits))
			}
		}
	}
}

// Other forms of keys, as their programs write them.
func TestKeysOfOtherPrograms(t *testing.T) {
	checkFound(t, func(d draw) []plant {
		key := d.base64(32)
		return []plant{
			text("PuTTY", "/home/u/key.ppk", "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: x\nPublic-Lines: 2\n"+wrap(d.base64(51), 64)+"Private-Lines: 1\n"+key+"\nPrivate-MAC: "+d.hex(64)+"\n", key),
			text("OpenVPN", "/etc/openvpn/ta.key", "#\n# 2048 bit OpenVPN static key\n#\n-----BEGIN OpenVPN Static key V1-----\n"+wrap(d.hex(512), 32)+"-----END OpenVPN Static key V1-----\n"),
			text("minisign", "/root/.minisign/minisign.key", "untrusted comment: minisign encrypted secret key\nRWRTY0Iy"+d.base64(150)+"\n"),
			text("signify", "/root/x.sec", "untrusted comment: signify secret key\nRWRCSwAAAAA"+d.base64(96)+"\n"),
			text("DNSSEC", "/etc/bind/Kx.+013+1.private", "Private-key-format: v1.3\nAlgorithm: 13 (ECDSAP256SHA256)\nPrivateKey: "+key+"\n", key),
			text("Tor", "/var/lib/tor/hs/hs_ed25519_secret_key", "== ed25519v1-secret: type0 ==\x00\x00\x00"+string(d.bytes(64))),
			text("GnuPG agent", "/root/.gnupg/private-keys-v1.d/A.key", "Created: 20260101T000000\nKey: (private-key (ecc (curve Ed25519)(flags eddsa)(q\n  #40"+strings.ToUpper(d.hex(64))+"#)(d #"+strings.ToUpper(d.hex(64))+"#)))\n"),
			text("GnuPG agent of old", "/root/.gnupg/private-keys-v1.d/B.key", "(11:private-key(3:rsa(1:n257:"+string(d.bytes(300))),
			text("SSH 1", "/root/.ssh/identity", "SSH PRIVATE KEY FILE FORMAT 1.1\n\x00"+string(d.bytes(200))),
			text("JWK", "/srv/jwks.json", `{"keys":[{"kty":"EC","crv":"P-256","x":"`+d.url64(43)+`","y":"`+d.url64(43)+`","d":"`+d.url64(43)+`"}]}`),
			text("JWK with its type behind", "/srv/jwk.json", `{"crv":"P-256","d":"`+d.url64(43)+`","x":"`+d.url64(43)+`","kty":"EC"}`),
			{name: "keytab", path: "/etc/krb5.keytab", content: append([]byte{5, 2, 0, 0, 0, 60}, d.bytes(80)...)},
			{name: "Dropbear", path: "/etc/dropbear/dropbear_ed25519_host_key", content: append([]byte("\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x40"), d.bytes(64)...)},
			{name: "secring", path: "/root/.gnupg/secring.gpg", content: append([]byte{0x95, 3, 0xbe, 4}, d.bytes(500)...)},
			{name: "JKS", path: "/opt/app/server.jks", content: jks(d, 2, 1)},
		}
	})
}

// jks writes a Java keystore with entries of the given tags: 1 is a private key, 2 a certificate.
func jks(d draw, tags ...uint32) []byte {
	out := []byte{0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2}
	out = binary.BigEndian.AppendUint32(out, uint32(len(tags)))
	for _, tag := range tags {
		out = binary.BigEndian.AppendUint32(out, tag)
		out = append(append(binary.BigEndian.AppendUint16(out, 5), "alias"...), d.bytes(8)...)
		if tag == 2 {
			out = append(binary.BigEndian.AppendUint16(out, 5), "X.509"...)
		}
		out = append(binary.BigEndian.AppendUint32(out, 700), d.bytes(700)...)
	}
	return append(out, d.bytes(20)...)
}

// Stores that the real tools make: keytool's of certificates only is none.
func TestStoresOfRealTools(t *testing.T) {
	dir := t.TempDir()
	run := func(name string, args ...string) {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("cannot run %s, which this test needs: %v\n%s", name, err, out)
		}
	}
	run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "k.pem", "-out", "c.pem", "-subj", "/CN=x", "-days", "2")
	run("openssl", "pkcs12", "-export", "-inkey", "k.pem", "-in", "c.pem", "-out", "with-key.store", "-passout", "pass:changeit")
	run("openssl", "pkcs12", "-export", "-nokeys", "-in", "c.pem", "-out", "without-key.store", "-passout", "pass:changeit")
	run("openssl", "pkcs8", "-topk8", "-in", "k.pem", "-outform", "DER", "-out", "sealed.der", "-passout", "pass:changeit")
	run("openssl", "x509", "-in", "c.pem", "-outform", "DER", "-out", "c.der")
	s := newTestScanner(t)
	for name, want := range map[string]bool{"with-key.store": true, "without-key.store": false, "sealed.der": true, "c.der": false, "c.pem": false, "k.pem": true} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if hits := scanBytes(t, s, "/opt/app/"+name, content); (len(hits) > 0) != want {
			t.Errorf("%s: %s", name, describe(hits))
		}
	}
	if hits := scanBytes(t, s, "/etc/ssl/certs/java/cacerts", jks(newDraw(1), 2, 2, 2)); len(hits) > 0 {
		t.Errorf("a store of certificates: %s", describe(hits))
	}
}
