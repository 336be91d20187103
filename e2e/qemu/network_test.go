package qemu

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/e2e/imds"
	"github.com/leaven-dev/leaven/e2e/netns"
	"github.com/leaven-dev/leaven/e2e/sshclient"
)

// TestMetadata boots a guest that finds instance metadata where EC2 has it.
func TestMetadata(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	ns, err := netns.New(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ns.Close() })
	service, err := imds.Start(ctx, ns, imds.Instance("i-0123456789abcdef0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { service.Close() })
	key, err := sshclient.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	cfg := machineOf(t, "bookworm")
	cfg.Network = ns.Path()
	cfg.Logins = []Login{{User: "root", Key: key.Authorized}}
	vm := start(t, cfg)
	client, err := vm.Dial(ctx, "root", key)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	// What the root has to speak HTTP with is perl.
	answer, err := client.Run(ctx, `perl -MIO::Socket::INET -e '
		$s = IO::Socket::INET->new("169.254.169.254:80") or die "cannot connect: $!";
		print $s "PUT /latest/api/token HTTP/1.0\r\nX-aws-ec2-metadata-token-ttl-seconds: 60\r\n\r\n";
		print <$s>'`)
	if err != nil || !strings.HasPrefix(answer, "HTTP/1.0 200") {
		t.Errorf("the guest asked for a token and got %q, %v", answer, err)
	}
	if got := service.Requests(); len(got) != 1 || got[0].Method != "PUT" {
		t.Errorf("requests: %v", got)
	}
}
