package all

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/leaven-dev/leaven/bake"
	"github.com/leaven-dev/leaven/internal/rootfs"
)

func catalogue(t *testing.T) *bake.Catalogue {
	t.Helper()
	c, err := bake.NewCatalogue(Rules())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEveryRuleIsDocumented(t *testing.T) {
	for _, r := range catalogue(t).Rules() {
		for what, text := range map[string]string{"group": r.Group, "title": r.Title, "why": r.Why, "source": r.Source, "what makes it again": r.MadeAgain} {
			if text == "" {
				t.Errorf("%s: %s is missing", r.ID, what)
			} else if strings.HasSuffix(text, ".") || strings.TrimSpace(text) != text {
				t.Errorf("%s: %s must end without a full stop or a blank: %q", r.ID, what, text)
			}
		}
	}
}

func TestProfilesNameRules(t *testing.T) {
	known := map[string]bool{}
	for _, r := range catalogue(t).Rules() {
		known[r.ID] = true
	}
	for _, p := range bake.Profiles() {
		for _, id := range slices.Concat(p.On, p.Off) {
			if !known[id] {
				t.Errorf("profile %s names the rule %q, which is not there", p.Name, id)
			}
		}
	}
}

// samples are contents that rules look for in the files that they take.
var samples = map[string]string{
	"at-sequence": "0000a\n", "core-files": "\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x04\x00", "network-connections-old": "[connection]\n",
	"network-addresses": "[Match]\nMACAddress=52:54:00:12:34:56\nhwaddress ether 52:54:00:12:34:56\n", "resolv-conf": "nameserver 10.0.0.2\n", "filesystem-uuids": "UUID=1 / ext4\n", "swap-partitions": "UUID=1 none swap sw 0 0\n", "swap-files": swap,
	"mail-passwords": "password x\n", "build-settings-credentials": "<password>x</password>\n", "ssh-user-keys-other": "-----BEGIN OPENSSH " + "PRIVATE KEY-----\n",
	"wireguard-interfaces": "PrivateKey = x\n", "chef-node-name": "node_name 'x'\n", "mysql-passwords": "password = x\n", "runner-tokens": "token = x\n", "domain-settings": "id_provider = ad\n",
	"service-keys-shared": "PRIVATE KEY", "cloudinit-installer": "userdata_raw: x\n", "build-proxy": "http_proxy=http://10.0.0.5:3128\n", "editor-swap": "b0VIM 9.0\x00",
	"iscsi-name-debian": "InitiatorName=iqn.1993-08.org.debian:01:x\n", "iscsi-name-file": "InitiatorName=iqn.1994-05.com.redhat:x\n",
	// What rules edit.
	"root-password": "root:$6$x$y:1::::::\n", "password-hashes": "a:$6$x$y:1::::::\n", "sshd-passwords": "PasswordAuthentication yes\n", "sshd-root-login": "PermitRootLogin yes\n",
	"hostname-settings": "HOSTNAME=x\n", "hosts-entry": "127.0.1.1 x\n", "popularity-contest": "MY_HOSTID=x\n", "interface-addresses": "HWADDR=x\n",
	"netplan-addresses": "    match:\n      macaddress: x\n    set-name: y\n", "cloudinit-fstab": "/dev/vdb /mnt auto nofail,comment=cloudconfig 0 2\n",
}

// swap is a swap area that was used.
var swap = strings.Repeat("\x00", 4086) + "SWAPSPACE2" + strings.Repeat("\x00", 70000) + "x"

// named are configuration files for rules that take only what these name, with what they name.
var named = map[string][3]string{
	"ssh-host-keys-elsewhere": {"/etc/ssh/sshd_config", "HostKey /srv/keys/rsa\n", "/srv/keys/rsa"},
}

// Every pattern of every rule finds what it is for: a typing error in one is a secret that stays.
func TestEveryPatternFinds(t *testing.T) {
	for _, r := range catalogue(t).Rules() {
		t.Run(r.ID, func(t *testing.T) {
			c, err := bake.NewCatalogue([]bake.Rule{r})
			if err != nil {
				t.Fatal(err)
			}
			places := r.Where
			if n, ok := named[r.ID]; ok {
				places = append(places, n[2])
			}
			var names []string
			for _, where := range places {
				names = append(names, slices.DeleteFunc(paths(where), func(n string) bool { return covered(r.Except, n) || covered(r.Unless, n) })...)
			}
			for len(names) > 0 {
				names = finds(t, c, r, names)
			}
		})
	}
}

// finds plants names in a tree and looks whether the rule finds them. It returns those that do not go together with the rest.
func finds(t *testing.T, c *bake.Catalogue, r bake.Rule, names []string) (left []string) {
	t.Helper()
	dir := t.TempDir()
	plant := func(name, content string) error {
		full := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			return err
		}
		return os.WriteFile(full, []byte(content), 0o755)
	}
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	must(plant("/etc/passwd", "u:x:1000:1000::/home/u:/bin/sh\n"))
	for _, condition := range r.When[:min(1, len(r.When))] {
		must(plant(paths(condition)[0], ""))
	}
	content, special := samples[r.ID]
	if !special {
		content = "x\n"
	}
	var planted []string
	for _, name := range names {
		place := name
		if r.Action == bake.Empty { // of a folder, what is in it
			place += "/x"
		}
		if plant(place, content) != nil { // the place of a file is another's folder
			left = append(left, name)
			continue
		}
		planted = append(planted, name)
	}
	if n, ok := named[r.ID]; ok {
		must(plant(n[0], n[1]))
	}
	root, err := rootfs.Open(dir)
	must(err)
	defer root.Close()
	o := bake.Options{Only: []string{r.ID}}
	p, err := bake.NewPlan(root, c, o)
	must(err)
	for _, name := range planted {
		if !slices.ContainsFunc(p.Items, func(it bake.Item) bool {
			return it.Path == name || strings.HasPrefix(name, it.Path+"/") || strings.HasPrefix(it.Path, name+"/")
		}) {
			t.Errorf("it does not find %s", name)
		}
	}
	for _, f := range p.Unknown {
		t.Errorf("unknown: %s: %s", f.Path, f.Message)
	}
	(&bake.Applier{Root: root, Each: func(c bake.Change) {
		if c.Result == bake.Failed {
			t.Errorf("%s: %s", c.Path, c.Message)
		}
	}}).Apply(context.Background(), p)
	if again, err := bake.NewPlan(root, c, o); err != nil || r.Action != bake.Report && len(r.Makers) == 0 && len(again.Items) > 0 {
		t.Errorf("there is still something to do: %v, %v", again.Items, err)
	}
	return left
}

// Where a rule before takes all that a pattern finds, the pattern does nothing.
func TestNoPatternIsInVain(t *testing.T) {
	var before []bake.Rule
	for _, r := range catalogue(t).Rules() {
		for _, where := range r.Where {
			for _, name := range paths(where) {
				if by := taker(before, name); by != "" && !covered(r.Except, name) {
					t.Errorf("%s finds %s, which %s before it has taken", r.ID, name, by)
				}
			}
		}
		if r.Action != bake.Report && r.Action != bake.Edit && r.Holds == "" && len(r.When)+len(r.Unless) == 0 {
			before = append(before, r)
		}
	}
}

// taker is the first of the rules that takes a path, whatever the path holds.
func taker(rules []bake.Rule, name string) string {
	for _, r := range rules {
		if covered(r.Where, name) && !covered(r.Except, name) {
			return r.ID
		}
	}
	return ""
}

func covered(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return bake.Covers(strings.Replace(p, "~", "/home/u", 1), name) })
}

// paths are names that a pattern is for: one for each way through its braces, with something in the place of wildcards.
func paths(pattern string) []string {
	open := strings.LastIndexByte(pattern, '{')
	if open >= 0 {
		end := open + strings.IndexByte(pattern[open:], '}')
		var all []string
		for alternative := range strings.SplitSeq(pattern[open+1:end], ",") {
			all = append(all, paths(pattern[:open]+alternative+pattern[end+1:])...)
		}
		return all
	}
	pattern = strings.Replace(pattern, "~/", "/home/u/", 1)
	pattern = strings.ReplaceAll(pattern, "**/", "some/where/")
	pattern = strings.ReplaceAll(pattern, "**", "some/thing")
	pattern = class.ReplaceAllStringFunc(pattern, func(c string) string {
		switch {
		case c == `[^.]`:
			return "x"
		case strings.HasPrefix(c, `[._`):
			return "-"
		}
		return c[1:2]
	})
	return []string{strings.NewReplacer("*", "1x", "?", "y").Replace(pattern)}
}

var class = regexp.MustCompile(`\[[^\]]+\]`)
