package cfengine

import (
	"crypto/rand"
	"crypto/rsa"
	"os"
	"strings"
	"testing"
)

// theirs is what cf-key -p printed of testdata/localhost.pub.
const theirs = digest("MD5=714cfca68016aa73711ecb871141bd04")

func TestDigestIsCFEngines(t *testing.T) {
	data, err := os.ReadFile("testdata/localhost.pub")
	if err != nil {
		t.Fatal(err)
	}
	key, err := parsePublic(data)
	if err != nil {
		t.Fatal(err)
	}
	if got := digestOf(theirs, key); got != theirs {
		t.Errorf("digest is %s, cf-key says %s", got, theirs)
	}
	// What openssl(1) and sha256sum(1) make of the same bytes: Enterprise was not at hand.
	if got := digestOf("SHA=", key); got != "SHA=26276a82a698b26981fdcb8d3d5d1a83ec90d65a223c3709b410d83e0ae0b296" {
		t.Errorf("digest is %s", got)
	}
	if again := encodePublic(key); string(again) != string(data) {
		t.Errorf("written anew, the key is\n%s", again)
	}
}

func TestDigestOfAnotherKeyDiffers(t *testing.T) {
	if digestOf(theirs, newKey(t)) == theirs {
		t.Error("two keys have one digest")
	}
}

func TestParseDigest(t *testing.T) {
	for text, good := range map[string]bool{
		string(theirs):                    true,
		"SHA=" + strings.Repeat("0f", 32): true,
		"":                                false, "MD5=": false,
		"md5=714cfca68016aa73711ecb871141bd04":   false,
		"MD5=714CFCA68016AA73711ECB871141BD04":   false,
		"MD5=714cfca68016aa73711ecb871141bd0":    false,
		"SHA=714cfca68016aa73711ecb871141bd04":   false,
		" MD5=714cfca68016aa73711ecb871141bd04":  false,
		"MD5=714cfca68016aa73711ecb871141bd04\n": false,
	} {
		if _, err := parseDigest(text); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestPrintedDigest(t *testing.T) {
	// The second is what it prints after a bootstrap was cut off.
	for _, out := range []string{string(theirs) + "\n", "error: '/var/lib/cfengine3/bootstrap_id.dat' contains invalid data: ''\n" + string(theirs) + "\n"} {
		if d, err := printedDigest(out); d != theirs || err != nil {
			t.Errorf("%q: %s, %v", out, d, err)
		}
	}
	for _, out := range []string{"", "error: Error reading public key", string(theirs) + "\nerror: no"} {
		if d, err := printedDigest(out); err == nil {
			t.Errorf("%q: %s", out, d)
		}
	}
}

func TestParsePublicRefuses(t *testing.T) {
	for _, text := range []string{
		"", "MIIBCgKCAQEA",
		"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", // SPKI, which CFEngine cannot read
		"-----BEGIN RSA PUBLIC KEY-----\nAAAA\n-----END RSA PUBLIC KEY-----\n",
	} {
		if _, err := parsePublic([]byte(text)); err == nil {
			t.Errorf("%q is read as a key", text)
		}
	}
}

func newKey(t *testing.T) *rsa.PublicKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return &key.PublicKey
}
