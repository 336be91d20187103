package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

func TestLayersInOrder(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"usr/lib/leaven/firstboot.yaml":        "hostname: a\nnetwork: {wait: 1m}\nrun: [{name: x, command: [one]}]\n",
		"etc/leaven/firstboot.yaml":            "hostname: b\n",
		"etc/leaven/firstboot.d/20-x.yaml":     "hostname: d\nrun: [{name: x, command: two}, {name: y, command: [three], network: false}]\n",
		"etc/leaven/firstboot.d/10-x.yaml":     "hostname: c\n",
		"etc/leaven/firstboot.d/30-x.yaml.bak": "hostname: never\n",
		"etc/leaven/firstboot.d/.hidden.yaml":  "hostname: never\n",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	root, err := rootfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	layers, err := Files(root)
	if err != nil {
		t.Fatal(err)
	}
	l, err := Load(append(layers, Layer{Name: "user data", Text: []byte("#!/usr/bin/leaven firstboot --config\nsignal: {tag: up}\n")}))
	if err != nil {
		t.Fatal(err)
	}
	if l.Hostname != "d" || l.Network.Wait != time.Minute || len(l.Run) != 2 || l.Run[0].Command.Shell != "two" || l.Run[1].Network || !l.Run[0].Network || l.Signal.Tag != "up" {
		t.Errorf("got %+v", l.Config)
	}
	if l.Network.Metadata != "auto" || l.Run[0].Deadline != 5*time.Minute || l.Signal.OnFailure != "abandon" {
		t.Errorf("defaults: %+v", l.Config)
	}
}

func TestNothingConfigured(t *testing.T) {
	if l, err := Load(nil); err != nil || l.Network.Wait != 5*time.Minute {
		t.Errorf("%+v, %v", l, err)
	}
}

func TestWhatBelongsTogether(t *testing.T) {
	for text, want := range map[string]string{
		"run: [{name: a, command: x, creates: /x, always: true}]": "exclude one another",
		"run: [{name: A, command: x}]":                            "small letters",
		"run: [{name: a}]":                                        "command is missing",
		"ssh: {certificate: {}}":                                  "one signer",
		"ssh: {certificate: {ca_key: /x, command: [y]}}":          "one signer",
		"ssh: {certificate: {command: a b}}":                      "as a list",
		"ssh: {certificate: {ca_key: /x, valid: 1m}}":             "an hour at least",
		"ssh: {rsa: 1024}":                                        "does not fit",
		"leave: {drain: 5m}":                                      "draining takes all",
		"leave: {lifecycle_hook: x}":                              "nothing to watch for",
		"leave: {on: [spto]}":                                     `did you mean "spot"`,
		"health: {listen: localhost}":                             "a port",
		"run: [{name: a, command: x, deadline: 0}]":               "more than no time",
		"run: [{name: a, command: x, environment: {\"A=B\": c}}]": "is no name for a variable",
		"signal: {deadline: 0s}":                                  "more than no time",
		"network: {wait: 0}":                                      "more than no time",
		"hostname: a..b":                                          "no host name",
		"hostname: a-.b":                                          "no host name",
		"hostname: -x":                                            "does not fit",
	} {
		if _, err := Load([]Layer{{Name: "x.yaml", Text: []byte(text)}}); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "x.yaml:1:") {
			t.Errorf("%s: %v, want %q with its place", text, err, want)
		}
	}
}

// What is filled in may be anything: whoever may tag an instance chooses it.
func TestHostnameFilledIn(t *testing.T) {
	for value, want := range map[string]string{"a": "", "a.b": "", "a..b": "no host name", "a.": "does not fit", "a b": "does not fit", strings.Repeat("a", 61): "does not fit"} {
		l, err := Load([]Layer{{Name: "x.yaml", Text: []byte("hostname: web-${tag.Name}\n")}})
		if err != nil {
			t.Fatal(err)
		}
		fill := func(text string) (string, error) { return strings.ReplaceAll(text, "${tag.Name}", value), nil }
		err = l.Expand(fill, fill)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "x.yaml:1:11: ")) {
			t.Errorf("%q: %v, want %q", value, err, want)
		}
	}
}
