package bake

import (
	"slices"
	"strings"
	"testing"
)

func TestBraces(t *testing.T) {
	for text, want := range map[string]string{
		"/a":             "/a",
		"/{a,b}/c":       "/a/c /b/c",
		"/a{,b}":         "/a /ab",
		"/{a,b{c,d}}/e":  "/a/e /bc/e /bd/e",
		"/{a,b}{c,d}":    "/ac /ad /bc /bd",
		"/{open":         "/{open",
		"~/.{x,y}":       "~/.x ~/.y",
		"/var/{log/,}db": "/var/log/db /var/db",
	} {
		if got := strings.Join(braces(text), " "); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestCovers(t *testing.T) {
	for _, c := range []struct {
		pattern, name        string
		covers, reachesBelow bool
	}{
		{"/tmp", "/tmp", true, false},
		{"/tmp", "/tmp/a/b", true, false},
		{"/tmp/a", "/tmp", false, true},
		{"/tmp/*", "/tmp/.hidden", true, false},
		{"/tmp/*.log", "/tmp/a.log", true, false},
		{"/tmp/*.log", "/tmp/a.log/deeper", true, false},
		{"/tmp/*.log", "/tmp/a.txt", false, false},
		{"/var/log/**", "/var/log/a/b", true, true},
		{"/var/log/**", "/var/log", false, true},
		{"/var/**/x", "/var/x", true, true},
		{"/var/**/x", "/var/a/b/x", true, true},
		{"/var/**/x", "/var/a/b/y", false, true},
		{"/a/[bc]?", "/a/bz", true, false},
		{"/a/[bc]?", "/a/dz", false, false},
		{`/a/\*`, "/a/*", true, false},
		{`/a/\*`, "/a/b", false, false},
		{"/a/x*y*z", "/a/x1y2z", true, false},
		{"/a/x*z", "/a/xz", true, false},
		{"/a/ab*ba", "/a/aba", false, false}, // the two ends must not share a letter
	} {
		p, name := newPattern(c.pattern), strings.Split(strings.TrimPrefix(c.name, "/"), "/")
		if got := p.covers(name); got != c.covers {
			t.Errorf("%s covers %s: %v", c.pattern, c.name, got)
		}
		if got := p.reachesBelow(name); got != c.reachesBelow {
			t.Errorf("%s reaches below %s: %v", c.pattern, c.name, got)
		}
	}
}

// A name that goes into a pattern must stand for itself, whatever is in it.
func TestEscape(t *testing.T) {
	for _, name := range []string{"plain", "a*b", "[x]", `back\slash`, "q?", "{a,b}", "caf\xe9", "new\nline"} {
		p := newPattern("/" + escape(name))
		if len(p) != 1 || p[0].wild || !p[0].matches(name) {
			t.Errorf("%q became %+v", name, p)
		}
	}
}

func TestCheckPattern(t *testing.T) {
	for _, good := range []string{"/etc/x", "~/.x", "~/.*history", "/a", "/var/log/**", "/**/credentials", "/etc/[ab]*"} {
		if err := checkPattern(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "etc/x", "~x/y", "/", "~/", "~/*", "~/.*", "/*", "/**", "/*/*", "/etc/", "/etc//x", "/etc/../x", "/etc/./x", "/etc/[", "/etc/a**", "/?"} {
		if checkPattern(bad) == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestPlacesIn(t *testing.T) {
	describe := func(list []place) string {
		var out []string
		for _, p := range list {
			text := ""
			if p.home {
				text = "~"
			}
			for _, s := range p.path {
				text += "/" + s.text
			}
			out = append(out, text)
		}
		return strings.Join(out, " ")
	}
	for value, want := range map[string]string{
		".ssh/authorized_keys .ssh/authorized_keys2": "~/.ssh/authorized_keys ~/.ssh/authorized_keys2",
		"/etc/ssh/keys/%u %h/keys":                   "/etc/ssh/keys/* ~/keys",
		`"$HOME/.cache/history"`:                     "~/.cache/history",
		"${HOME}/.h":                                 "~/.h",
		"~/.h;":                                      "~/.h",
		"none":                                       "",
		"$XDG_STATE_HOME/history":                    "",
		"/dev/null":                                  "/dev/null", // a device is no file, so nothing is done to it
		"../../etc/passwd":                           "~/etc/passwd",
		"/a/../../b*c":                               `/b*c`,
		"/":                                          "",
		"%u":                                         "",
	} {
		if got := describe(placesIn(value)); got != want {
			t.Errorf("%q: %s, want %s", value, got, want)
		}
	}
}

func TestValidate(t *testing.T) {
	good := Rule{ID: "a", Title: "t", Why: "w", Where: []string{"/etc/x"}, Action: Delete}
	if _, err := NewCatalogue([]Rule{good}); err != nil {
		t.Fatal(err)
	}
	for want, spoil := range map[string]func(*Rule){
		"id must be":            func(r *Rule) { r.ID = "A b" },
		"title and why":         func(r *Rule) { r.Why = "" },
		"where is empty":        func(r *Rule) { r.Where = nil },
		"must begin with":       func(r *Rule) { r.Except = []string{"x"} },
		"would take everything": func(r *Rule) { r.Where = []string{"/*"} },
		"unknown action":        func(r *Rule) { r.Action = "shred" },
		"content to reset":      func(r *Rule) { r.Action = Reset },
		"lines to edit":         func(r *Rule) { r.Action = Edit },
		"edit: ":                func(r *Rule) { r.Action, r.Edit = Edit, &Lines{Match: "("} },
		"holds: ":               func(r *Rule) { r.Holds = "(" },
		"unknown stage":         func(r *Rule) { r.Stage = All },
		"unknown default":       func(r *Rule) { r.Default = "maybe" },
		"maker needs a name":    func(r *Rule) { r.Makers = []Maker{{Where: "/x"}} },
		"no group":              func(r *Rule) { r.Named = []Reference{{In: []string{"/etc/x"}, Match: "x"}} },
		"no action":             func(r *Rule) { r.Action = Run },
	} {
		r := good
		spoil(&r)
		_, err := NewCatalogue([]Rule{r})
		if want == "no action" {
			want = "unknown action"
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	if _, err := NewCatalogue([]Rule{good, good}); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("an id that is there twice: %v", err)
	}
}

func TestEditing(t *testing.T) {
	shadow := "root:$6$x:1::::::\nroot2:$6$y:1::::::\ndaemon:*:1::::::\nempty::1::::::\nlocked:!$6$z:1::::::\nnew:!!:1::::::\n"
	for _, c := range []struct{ rule, before, after string }{
		{"root-password", shadow, strings.Replace(shadow, "root:$6$x:", "root:*:", 1)},
		{"root-password", "root::1::::::\n", "root:*:1::::::\n"},
		{"root-password", "root:!$6$x:1::::::\n", "root:*:1::::::\n"},
		{"root-password", "root:*:1::::::\nroot:!:1::::::\nroot:!!:1::::::\nroot:!*:1::::::", "root:*:1::::::\nroot:!:1::::::\nroot:!!:1::::::\nroot:!*:1::::::"},
		{"password-hashes", shadow, "root:*:1::::::\nroot2:*:1::::::\ndaemon:*:1::::::\nempty:*:1::::::\nlocked:*:1::::::\nnew:!!:1::::::\n"},
		{"sshd-passwords", "#PasswordAuthentication yes\nPasswordAuthentication yes\n  passwordauthentication=\"yes\"\nUsePAM yes\n", "#PasswordAuthentication yes\nPasswordAuthentication no\n  passwordauthentication=no\nUsePAM yes\n"},
		{"sshd-root-login", "PermitRootLogin yes\nPermitRootLogin without-password\n", "PermitRootLogin prohibit-password\nPermitRootLogin without-password\n"},
		{"interface-addresses", "DEVICE=a\r\nHWADDR=x\r\n#HWADDR=x\nMYUUID=1\nUUID=2", "DEVICE=a\r\n#HWADDR=x\nMYUUID=1\n"},
		{"netplan-addresses", "e:\n  a:\n    set-name: a\n    match:\n      macaddress: \"x\"\n    dhcp4: true\n", "e:\n  a:\n    dhcp4: true\n"},
		{"netplan-addresses", "e:\n  a:\n    match: {macaddress: x}\n    set-name: a\n    dhcp4: true\n", "e:\n  a:\n    dhcp4: true\n"},
		{"netplan-addresses", "e:\n  a:\n    match:\n      driver: ena\n      macaddress: x\n    set-name: a\n", "e:\n  a:\n    match:\n      driver: ena\n      macaddress: x\n    set-name: a\n"},
		{"hosts-entry", "127.0.0.1 localhost\n127.0.1.1 builder\n", "127.0.0.1 localhost\n"},
	} {
		i := slices.IndexFunc(Builtin(nil), func(r Rule) bool { return r.ID == c.rule })
		edited, _, err := Builtin(nil)[i].Edit.apply([]byte(c.before))
		if err != nil || string(edited) != c.after {
			t.Errorf("%s makes of %q\n%q, want\n%q (%v)", c.rule, c.before, edited, c.after, err)
		}
	}
}
