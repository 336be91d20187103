package keys

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// certified has certificates, and sshd is not told of them yet.
func certified(t *testing.T) string {
	t.Helper()
	dir := instance(t)
	newAuthority(t, dir, "-t", "ed25519", "-N", "")
	if _, err := certifier().Sign(t.Context(), open(t, dir)); err != nil {
		t.Fatal(err)
	}
	return dir
}

const bothLines = "HostCertificate /etc/ssh/ssh_host_ecdsa_key-cert.pub\nHostCertificate /etc/ssh/ssh_host_ed25519_key-cert.pub\n"

func TestDropIn(t *testing.T) {
	dir := certified(t)
	var asked []string
	sshd := func(_ context.Context, args ...string) error {
		_, there := tree(t, dir)[DropIn[1:]]
		state := "before: "
		if there {
			state = "after: "
		}
		asked = append(asked, state+strings.Join(args, " "))
		return nil
	}
	if err := ServeCertificates(t.Context(), open(t, dir), sshd); err != nil {
		t.Fatal(err)
	}
	if got, want := tree(t, dir)[DropIn[1:]], "-rw-r--r-- "+dropInHead+bothLines; got != want {
		t.Errorf("the drop-in is %q, want %q", got, want)
	}
	want := []string{"before: ", "before: -o HostCertificate=/etc/ssh/ssh_host_ecdsa_key-cert.pub -o HostCertificate=/etc/ssh/ssh_host_ed25519_key-cert.pub", "after: "}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("sshd was asked: %s", diff)
	}
	// A certificate goes, and its line with it.
	if err := os.Remove(filepath.Join(dir, edCert)); err != nil {
		t.Fatal(err)
	}
	if err := ServeCertificates(t.Context(), open(t, dir), nil); err != nil {
		t.Fatal(err)
	}
	if got := tree(t, dir)[DropIn[1:]]; strings.Contains(got, "ed25519") || !strings.Contains(got, "ecdsa") {
		t.Errorf("the drop-in is %q", got)
	}
	if err := os.Remove(filepath.Join(dir, "etc/ssh/ssh_host_ecdsa_key-cert.pub")); err != nil {
		t.Fatal(err)
	}
	if err := ServeCertificates(t.Context(), open(t, dir), nil); err != nil {
		t.Fatal(err)
	}
	if _, there := tree(t, dir)[DropIn[1:]]; there {
		t.Error("the drop-in stays without certificates")
	}
}

func TestCertificatesThatAreNamedByHand(t *testing.T) {
	dir := certified(t)
	write(t, dir, "etc/ssh/sshd_config", "Port 22\n"+bothLines)
	before := tree(t, dir)
	if err := ServeCertificates(t.Context(), open(t, dir), nil); err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(before, tree(t, dir)) {
		t.Error("something was changed")
	}
}

func TestConfigWithoutInclude(t *testing.T) {
	for name, config := range map[string]string{
		"none":           "Port 22\n",
		"another folder": "Include /etc/ssh/conf.d/*.conf\n",
		"in a match":     "Match User git\n  Include /etc/ssh/sshd_config.d/*.conf\n",
		"a comment":      "#Include /etc/ssh/sshd_config.d/*.conf\n",
	} {
		t.Run(name, func(t *testing.T) {
			dir := certified(t)
			write(t, dir, "etc/ssh/sshd_config", config)
			before := tree(t, dir)
			err := ServeCertificates(t.Context(), open(t, dir), nil)
			for _, want := range []string{"/etc/ssh/sshd_config does not include", "add `Include /etc/ssh/sshd_config.d/*.conf` at its top", "`HostCertificate /etc/ssh/ssh_host_ed25519_key-cert.pub`"} {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("error is %v, want one with %q", err, want)
				}
			}
			if !maps.Equal(before, tree(t, dir)) {
				t.Error("something was changed")
			}
		})
	}
	for _, config := range []string{"include sshd_config.d/*.conf\nMatch all\n", "Include=/etc/ssh//sshd_config.d/*.conf", "Include a.conf \"/etc/ssh/sshd_config.d/*\""} {
		dir := certified(t)
		write(t, dir, "etc/ssh/sshd_config", config)
		if err := ServeCertificates(t.Context(), open(t, dir), nil); err != nil {
			t.Errorf("%q: %v", config, err)
		}
	}
}

// What sshd refuses does not stay: before it is written, and after.
func TestRefusedDropIn(t *testing.T) {
	for refused := range 3 {
		dir := certified(t)
		before := tree(t, dir)
		n := 0
		bad := errors.New("no")
		err := ServeCertificates(t.Context(), open(t, dir), func(context.Context, ...string) error {
			n++
			if n == refused+1 {
				return bad
			}
			return nil
		})
		if !errors.Is(err, bad) {
			t.Errorf("refused at test %d: error is %v", refused, err)
		}
		if !maps.Equal(before, tree(t, dir)) {
			t.Errorf("refused at test %d: something was changed", refused)
		}
	}
}
