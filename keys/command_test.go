package keys

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// service is a certifier whose command is a shell script. $K is a file with the public key that came on standard input, $C what
// ssh-keygen makes of it, $D the folder of the authority's keys.
func service(t *testing.T, dir, script string) Certifier {
	t.Helper()
	text := fmt.Sprintf("set -eu\nD=%s\nW=$(mktemp -d)\ntrap 'rm -rf $W' EXIT\nK=$W/key.pub C=$W/key-cert.pub\ncat > $K\n%s\n", dir, script)
	write(t, dir, "service.sh", text)
	c := certifier()
	c.Authority = Authority{Command: []string{"sh", filepath.Join(dir, "service.sh")}}
	return c
}

const signs = `ssh-keygen -q -s $D/ca -h -I "$LEAVEN_KEY_ID" -n "$LEAVEN_PRINCIPALS,also.example.com" -V "-5m:+${LEAVEN_LIFETIME}s" -z 7 $K; cat $C`

func TestSignWithCommand(t *testing.T) {
	for _, kind := range []string{"ed25519", "ecdsa", "rsa"} {
		t.Run(kind, func(t *testing.T) {
			dir := instance(t)
			newAuthority(t, dir, "-t", kind, "-N", "")
			c := service(t, dir, signs+`; echo "$LEAVEN_INSTANCE_ID $LEAVEN_KEY_TYPE $LEAVEN_PRINCIPALS" >> $D/log`)
			c.Authority.Public = []byte("# the authority\n" + tree(t, dir)["ca.pub"][len("-rw-r--r-- "):] + "\n\n")
			list := mustSign(t, dir, c)
			if len(list) != 2 || list[0].Serial != 7 || list[0].ID != testInstance+" ssh_host_ecdsa_key" {
				t.Errorf("the certificates are %+v", list)
			}
			const all = "hub-1,hub-1.example.com,192.0.2.7,2001:db8::7," + testInstance
			want := testInstance + " ecdsa-sha2-nistp256 " + all + "\n" + testInstance + " ssh-ed25519 " + all + "\n"
			if log := tree(t, dir)["log"]; !strings.HasSuffix(log, want) {
				t.Errorf("the command saw %q, want %q", log, want)
			}
			before := tree(t, dir)
			mustSign(t, dir, c) // the name that the service added is no reason to ask again
			if !maps.Equal(before, tree(t, dir)) {
				t.Error("a second run changed something")
			}
		})
	}
}

func TestCommandThatDoesNotServe(t *testing.T) {
	sign := func(options string) string { return "ssh-keygen -q -s $D/ca -I x " + options + " $K; cat $C" }
	const n = `-n "$LEAVEN_PRINCIPALS"`
	for _, c := range []struct{ name, script, want string }{
		{"a user certificate", sign(n), "it is a user certificate"},
		{"no principals", sign("-h"), "it has no principals"},
		{"a principal for all", sign(`-h -n "$LEAVEN_PRINCIPALS,*"`), "stands for every host"},
		{"a principal is missing", sign("-h -n hub-1"), `"hub-1.example.com" is none of its principals ["hub-1"]`},
		{"expired", sign("-h -V -2h:-1h " + n), "expired"},
		{"not valid yet", sign("-h -V +1h:+2h " + n), "not yet valid"},
		{"for another key", "cp $D/other.pub $K; " + sign("-h "+n), "it is for another key"},
		{"an option that nobody knows", sign("-h -O critical:x@example.com=1 " + n), "unsupported critical option"},
		{"of another authority", "ssh-keygen -q -s $D/other -I x -h " + n + " $K; cat $C", "not the configured certificate authority"},
		{"SHA-1", "ssh-keygen -q -t ssh-rsa -s $D/rsa -I x -h " + n + " $K; cat $C", "SHA-1"},
		{"nothing", "true", "there is nothing"},
		{"the key itself", "cat $K", "it is a key of type"},
		{"a message", "echo access denied", "did not print a certificate"},
		{"twice", sign("-h "+n) + "; cat $C", "there is more than one line"},
		{"too much", "head -c 100000 /dev/zero", "more than 65536 bytes"},
		{"it fails", "echo who are you >&2; exit 3", "exit status 3: who are you"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := instance(t)
			newAuthority(t, dir, "-t", "ed25519", "-N", "")
			keygen(t, "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(dir, "other"))
			with := service(t, dir, c.script)
			with.Authority.Public = []byte(tree(t, dir)["ca.pub"][len("-rw-r--r-- "):])
			if c.name == "SHA-1" {
				keygen(t, "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", filepath.Join(dir, "rsa"))
				with.Authority.Public = nil
			}
			before := tree(t, dir)
			_, err := with.Sign(t.Context(), open(t, dir))
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "ssh_host_ed25519_key") {
				t.Errorf("error is %v, want one with %q that names the key", err, c.want)
			}
			if !maps.Equal(before, tree(t, dir)) {
				t.Error("something was changed")
			}
		})
	}
}

// One bit of the signature is another.
func TestForgedCertificate(t *testing.T) {
	dir := instance(t)
	newAuthority(t, dir, "-t", "ed25519", "-N", "")
	mustSign(t, dir, certifier())
	root := open(t, dir)
	cert, err := readCertificate(root, "/"+edCert)
	if err != nil {
		t.Fatal(err)
	}
	if err := verify(cert, cert.Key, nil, nil, time.Now()); err != nil {
		t.Fatal(err)
	}
	cert.Signature.Blob[0] ^= 1
	if err := verify(cert, cert.Key, nil, nil, time.Now()); err == nil {
		t.Error("a forged signature is good")
	}
}

func TestCommandThatHangs(t *testing.T) {
	dir := instance(t)
	c := service(t, dir, "sleep 60 & sleep 60")
	why := errors.New("the step took too long")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 200*time.Millisecond, why)
	defer cancel()
	start := time.Now()
	if _, err := c.Sign(ctx, open(t, dir)); !errors.Is(err, why) {
		t.Errorf("error is %v, want %v", err, why)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestCommandThatIsNotThere(t *testing.T) {
	dir := instance(t)
	c := certifier()
	c.Authority = Authority{Command: []string{"/nonexistent/signer", "--token=secret"}}
	_, err := c.Sign(t.Context(), open(t, dir))
	if err == nil || !strings.Contains(err.Error(), "/nonexistent/signer") || strings.Contains(err.Error(), "secret") {
		t.Errorf("error is %v, want one with the program and without its arguments", err)
	}
}
