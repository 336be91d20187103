package network

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAssess has what is hard to bring about with real interfaces; wait_test.go has the rest.
func TestAssess(t *testing.T) {
	ens5 := link{index: 2, name: "ens5", up: true, carrier: true}
	four, six := netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")
	router := route{2, six, netip.MustParseAddr("fe80::1"), 0}
	own := func(cidr string) address { return address{link: 2, prefix: netip.MustParsePrefix(cidr)} }
	for _, c := range []struct {
		name  string
		state state
		want  string
	}{
		{"nothing", state{}, "waiting for a network interface: there is none"},
		{"a route of the other family", state{links: []link{ens5}, addresses: []address{own("10.0.0.5/24")}, routes: []route{router}},
			"waiting for a default route: ens5 is up with 10.0.0.5/24"},
		{"the carrier is lost again", state{links: []link{{2, "ens5", true, false}}, addresses: []address{own("10.0.0.5/24")}, routes: []route{{2, four, netip.Addr{}, 0}}},
			"waiting for a link: ens5 is up but has no carrier"},
		{"both families", state{links: []link{ens5}, addresses: []address{own("10.0.0.5/24"), own("fe80::5/64"), own("fd12::5/128")}, routes: []route{router}},
			"ens5 is up with 10.0.0.5/24, fd12::5/128 and gateway fe80::1"},
	} {
		found, got := c.state.assess(Need{})
		if got == "" {
			got = found.String()
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestNameServers(t *testing.T) {
	conf := filepath.Join(t.TempDir(), "resolv.conf")
	for text, want := range map[string]string{
		"nameserver 10.0.0.2\n":                     "",
		"nameserver\t127.0.0.1":                     "", // a server of its own, such as unbound
		"nameserver fd00:ec2::253 # VPC\n":          "",
		"nameserver fe80::1%ens5\n":                 "",
		"nameserver 127.0.0.53\nnameserver 8.8.8.8": "",
		"#nameserver 10.0.0.2\n":                    " names none",
		"nameserver\n":                              " names none",
		"nameserver none\n":                         " names none",
	} {
		if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		why, err := noResolver(conf, "/nowhere")
		if err != nil || !strings.HasSuffix(why, want) || (want == "") != (why == "") {
			t.Errorf("%q: %q, %v", text, why, err)
		}
	}
	if _, err := noResolver(t.TempDir(), "/nowhere"); err == nil {
		t.Error("a folder is no error")
	}
}
