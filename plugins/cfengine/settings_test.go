package cfengine

import (
	"os"
	"strings"
	"testing"

	"github.com/leaven-dev/leaven/firstboot/config"
)

func TestSettings(t *testing.T) {
	public, err := os.ReadFile("testdata/localhost.pub")
	if err != nil {
		t.Fatal(err)
	}
	pem := "|\n    " + strings.ReplaceAll(strings.TrimSpace(string(public)), "\n", "\n    ")
	for text, want := range map[string]string{
		"":                             "",
		"role: hub\nacl: [10.0.0.0/8]": "",
		"role: hub\nacl: [10.0.0.0/8]\ntrust_keys_from: [none]\nkey_bits: 4096\nshared: false": "",
		"role: hub\nacl: [10.0.0.0/8]\npolicy_server_key: " + string(theirs):                   "",
		"role: client\nhub: hubs.example.com\npolicy_server_key: " + string(theirs):            "",
		"role: client\nhub: hubs.example.com\npolicy_server_key: " + pem:                       "",
		"role: client\nhub: hubs.example.com\npolicy_server_key: /etc/hub.pub":                 "",
		"role: client\nhub: hubs.example.com\npolicy_server_key: any":                          "",
		"role: client\nhub: \"${tag.Hub}\"\npolicy_server_key: \"${tag.Key}\"":                 "",
		"role: deployer":                "",
		"role: hub":                     "say which networks may connect",
		"acl: [10.0.0.0/8]":             "role is missing",
		"shared: false":                 "role is missing",
		"role: hub\nacl: [10.0.0.0/33]": "is no network",
		"role: hub\nacl: [10.0.0.0/8]\nhub: hubs.example.com":                         "a hub bootstraps against its own address",
		"role: hub\nacl: [10.0.0.0/8]\npolicy_server_key: any":                        "any is for clients",
		"role: client\npolicy_server_key: any":                                        "a client needs the hub's name",
		"role: client\nhub: a.example.com":                                            "a client needs the hubs' key",
		"role: client\nhub: a.example.com\npolicy_server_key: 714cfc":                 "is no digest",
		"role: client\nhub: a.example.com\npolicy_server_key: any\nacl: [10.0.0.0/8]": "acl is for hubs",
		"role: client\nhub: --bootstrap\npolicy_server_key: any":                      "does not fit here",
		"role: deployer\nhub: a.example.com":                                          "a deployer takes no policy",
		"role: master\nacl: [10.0.0.0/8]":                                             "want one of hub, client, deployer",
		"role: hub\nacl: [10.0.0.0/8]\nkey_bits: 1024":                                "does not fit here",
	} {
		document := ""
		if text != "" {
			document = "cfengine:\n  " + strings.ReplaceAll(strings.ReplaceAll(text, "\n    ", "\x00"), "\n", "\n  ")
			document = strings.ReplaceAll(document, "\x00", "\n    ") + "\n"
		}
		_, err := config.Load([]config.Layer{{Name: "a.yaml", Text: []byte(document)}}, Plugin{}.FirstBoot().Section)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s\n%v, want %q", document, err, want)
		}
	}
}

func TestTrusted(t *testing.T) {
	acl := []string{"10.0.0.0/8"}
	for _, c := range []struct{ from, want []string }{{nil, acl}, {[]string{"none"}, []string{}}, {[]string{"10.1.0.0/16"}, []string{"10.1.0.0/16"}}} {
		got := (&Settings{ACL: acl, TrustKeysFrom: c.from}).trusted()
		if got == nil || strings.Join(got, " ") != strings.Join(c.want, " ") { // null would be the policy's own default
			t.Errorf("%v trusts %v", c.from, got)
		}
	}
}
