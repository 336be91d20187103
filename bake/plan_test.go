package bake_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/leaven-dev/leaven/bake"
	"github.com/leaven-dev/leaven/internal/rootfs"
)

// planned lists what a plan would do: "rule path".
func planned(p *bake.Plan) []string {
	var list []string
	for _, c := range p.Preview() {
		list = append(list, c.Rule+" "+c.Path)
	}
	return list
}

func same(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestTheFirstRuleHasThePath(t *testing.T) {
	dir := grow(t, map[string]string{"var/log/a/x.log": "x", "var/log/a/y.log": "x", "var/log/b.log": "x"})
	c := rules(t,
		bake.Rule{ID: "particular", Where: []string{"/var/log/a/x.log"}, Action: bake.Delete},
		bake.Rule{ID: "folder", Where: []string{"/var/log/a"}, Action: bake.Delete},
		bake.Rule{ID: "general", Where: []string{"/var/log/**"}, Action: bake.Truncate},
	)
	_, p := plan(t, dir, c, bake.Options{})
	same(t, planned(p), "particular /var/log/a/x.log", "folder /var/log/a", "general /var/log/b.log")
}

// What a rule leaves alone, or only cuts, no later rule may delete with the folder that it lies in.
func TestFoldersAroundWhatStays(t *testing.T) {
	files := map[string]string{"srv/a/live.log": "x", "srv/a/empty.log": "", "srv/a/b/c": "x", "srv/d/e": "x"}
	cut := bake.Rule{ID: "cut", Where: []string{"/srv/a/*.log"}, Action: bake.Truncate}
	all := bake.Rule{ID: "all", Where: []string{"/srv/*"}, Action: bake.Delete}
	dir := grow(t, files)
	seal(t, dir, rules(t, cut, all), bake.Options{})
	same(t, names(t, dir), "/srv/", "/srv/a/", "/srv/a/empty.log", "/srv/a/live.log")

	dir = grow(t, files)
	seal(t, dir, rules(t, bake.Rule{ID: "spared", Where: []string{"/srv/a/b/c"}, Action: bake.Delete}, all), bake.Options{Skip: []string{"spared"}})
	same(t, names(t, dir), "/srv/", "/srv/a/", "/srv/a/b/", "/srv/a/b/c")

	dir = grow(t, files)
	seal(t, dir, rules(t, all), bake.Options{Keep: []string{"/srv/a/b", "/srv/*/empty.log"}})
	same(t, names(t, dir), "/srv/", "/srv/a/", "/srv/a/b/", "/srv/a/b/c", "/srv/a/empty.log")

	dir = grow(t, files)
	seal(t, dir, rules(t, bake.Rule{ID: "audited", Where: []string{"/srv/a/b"}, Action: bake.Delete, Default: bake.AuditOnly}, all), bake.Options{})
	same(t, names(t, dir), "/srv/", "/srv/a/", "/srv/a/b/", "/srv/a/b/c")

	dir = grow(t, files)
	makers := []bake.Maker{{Name: "nobody", Where: "/usr/bin/nobody"}}
	changes, _ := seal(t, dir, rules(t, bake.Rule{ID: "refused", Where: []string{"/srv/a/b/c"}, Action: bake.Delete, Makers: makers}, all), bake.Options{})
	same(t, names(t, dir), "/srv/", "/srv/a/", "/srv/a/b/", "/srv/a/b/c")
	if c := changes["/srv/a/b/c"]; c.Result != bake.Refused || !strings.Contains(c.Message, "looked for nobody") {
		t.Errorf("%+v", c)
	}
}

func TestMakers(t *testing.T) {
	r := bake.Rule{ID: "key", Where: []string{"/etc/key"}, Action: bake.Delete, Makers: []bake.Maker{
		{Name: "one", Where: "/lib/one", Unless: "/etc/one.disabled"}, {Name: "two", Where: "/etc/units/**", Holds: "(?m)^ExecStart=/bin/makekey"},
	}}
	for want, files := range map[string]map[string]string{
		"refused": {"etc/key": "x"},
		"done":    {"etc/key": "x", "lib/one": ""},
		"Refused": {"etc/key": "x", "lib/one": "", "etc/one.disabled": ""},
		"Done":    {"etc/key": "x", "etc/units/a/b": "-> ../c", "etc/units/c": "ExecStart=/bin/makekey\n"},
		"REFUSED": {"etc/key": "x", "etc/units/c": "#ExecStart=/bin/makekey\n"},
	} {
		changes, _ := seal(t, grow(t, files), rules(t, r), bake.Options{})
		if got := changes["/etc/key"].Result; string(got) != strings.ToLower(want) {
			t.Errorf("%v: %s", files, got)
		}
	}
}

func TestConditions(t *testing.T) {
	c := rules(t,
		bake.Rule{ID: "when", Where: []string{"/a"}, When: []string{"/etc/x", "/etc/y"}, Action: bake.Delete},
		bake.Rule{ID: "unless", Where: []string{"/b"}, Unless: []string{"/etc/**/*.cred"}, Action: bake.Delete},
	)
	_, p := plan(t, grow(t, map[string]string{"a": "x", "b": "x", "etc/z/1.cred": ""}), c, bake.Options{})
	same(t, planned(p))
	_, p = plan(t, grow(t, map[string]string{"a": "x", "b": "x", "etc/y": ""}), c, bake.Options{})
	same(t, planned(p), "when /a", "unless /b")
}

func TestFilesFoldersAndPlaceholders(t *testing.T) {
	dir := grow(t, map[string]string{"v/a.1": "x", "v/b.1/": "", "v/.keep": "", "v/sub/.gitkeep": "why it is here", "v/l.1": "-> a.1", "t/.keep": "", "t/x/.keep": "", "t/big/": "", "v/README": "x", "t/README": "x", "v/README.l": "-> x"})
	must(t, os.WriteFile(dir+"/v/.placeholder", make([]byte, 300), 0o644))
	c := rules(t,
		bake.Rule{ID: "files", Where: []string{"/v/*.1"}, Files: true, Action: bake.Delete},
		bake.Rule{ID: "rest", Where: []string{"/v/**"}, Action: bake.Delete},
		bake.Rule{ID: "empty", Where: []string{"/t"}, Action: bake.Empty},
	)
	seal(t, dir, c, bake.Options{})
	same(t, names(t, dir), "/t/", "/t/.keep", "/v/", "/v/.keep", "/v/README", "/v/b.1/", "/v/sub/", "/v/sub/.gitkeep")
}

func TestHolds(t *testing.T) {
	dir := grow(t, map[string]string{"h/key": "text\n-----BEGIN KEY", "h/other": "x", "h/link": "-> key", "h/dir/": "", "h/late": strings.Repeat("x", 2<<20) + "-----BEGIN KEY"})
	_, p := plan(t, dir, rules(t, bake.Rule{ID: "key", Where: []string{"/h/*"}, Holds: "-----BEGIN", Action: bake.Delete}), bake.Options{})
	same(t, planned(p), "key /h/key")
}

func TestNamedPlaces(t *testing.T) {
	dir := grow(t, map[string]string{
		"etc/sshd": "# Keys /etc/commented\nKeys .ssh/k /etc/keys/%u none\nkeys /usr\n", "home/u/.ssh/k": "x", "etc/keys/u": "x", "etc/keys/dir/": "", "usr/bin/sh": "x", "etc/commented": "x",
		"etc/passwd": "u:x:1:1::/home/u:\n", "root/.ssh/k": "-> /usr/bin/sh",
	})
	r := bake.Rule{ID: "keys", Named: []bake.Reference{{In: []string{"/etc/sshd"}, Match: `(?im)^keys[ \t]+([^#\n]+)`}}, Action: bake.Delete}
	seal(t, dir, rules(t, r), bake.Options{})
	same(t, names(t, dir), "/etc/", "/etc/commented", "/etc/keys/", "/etc/keys/dir/", "/etc/passwd", "/etc/sshd", "/home/", "/home/u/", "/home/u/.ssh/", "/root/", "/root/.ssh/", "/usr/", "/usr/bin/", "/usr/bin/sh")
}

func TestPackageFilesStay(t *testing.T) {
	dir := grow(t, map[string]string{"etc/own.bak": "x", "etc/mine.bak": "x", "etc/link.bak": "-> x", "var/lib/dpkg/info/p:amd64.list": "/.\n/etc\n/etc/own.bak\n/etc/link.bak\n", "var/lib/dpkg/info/p.md5sums": "/etc/mine.bak\n"})
	_, p := plan(t, dir, rules(t, bake.Rule{ID: "bak", Where: []string{"/etc/*.bak"}, Unowned: true, Action: bake.Delete}), bake.Options{})
	same(t, planned(p), "bak /etc/mine.bak")
}

func TestStages(t *testing.T) {
	files := map[string]string{"tmp/a": "x", "tmp/busy/b": "x", "etc/key": "x"}
	c := rules(t,
		bake.Rule{ID: "key", Where: []string{"/etc/key"}, Action: bake.Delete},
		bake.Rule{ID: "tmp", Where: []string{"/tmp"}, Busy: []string{"/tmp/busy"}, Action: bake.Empty, Stage: bake.Shutdown},
		bake.Rule{ID: "late", Where: []string{"/tmp/*"}, Action: bake.Delete, Stage: bake.Shutdown},
	)
	dir := grow(t, files)
	_, p := plan(t, dir, c, bake.Options{Stage: bake.Live})
	same(t, planned(p), "key /etc/key", "tmp /tmp/a")
	_, p = plan(t, dir, c, bake.Options{Stage: bake.Shutdown})
	same(t, planned(p), "tmp /tmp/a", "tmp /tmp/busy")
	_, p = plan(t, dir, c, bake.Options{})
	same(t, planned(p), "key /etc/key", "tmp /tmp/a", "tmp /tmp/busy")
}

// What the build needs until its end is left to the last stage where one will run, and nothing else takes it on the way.
// Otherwise it goes after all else, with the folders that it lies in.
func TestHeld(t *testing.T) {
	files := map[string]string{"home/u/.ssh/authorized_keys": "k", "home/u/.ssh/other": "x", "etc/key": "x", "etc/shadow": "root:secret:\n", "etc/clean.sh": "#!/bin/sh\n"}
	c := rules(t,
		bake.Rule{ID: "keys", Where: []string{"~/.ssh/authorized_keys"}, Action: bake.Delete, Stage: bake.Shutdown, Held: true},
		bake.Rule{ID: "password", Where: []string{"/etc/shadow"}, Action: bake.Edit, Edit: &bake.Lines{Match: `^root:[^*][^:]*`, With: "root:*"}, Stage: bake.Shutdown, Held: true},
		bake.Rule{ID: "settings", Where: []string{"/etc/u.conf"}, Action: bake.Reset, Reset: &bake.Content{Create: true}, Stage: bake.Shutdown, Held: true},
		bake.Rule{ID: "homes", Where: []string{"~/.ssh"}, Action: bake.Delete},
		bake.Rule{ID: "key", Where: []string{"/etc/key"}, Action: bake.Delete},
	)
	dir := grow(t, files)
	_, p := plan(t, dir, c, bake.Options{Stage: bake.Live, LastStage: true})
	same(t, planned(p), "homes /home/u/.ssh/other", "key /etc/key")
	var held []string
	for _, it := range p.Held {
		held = append(held, it.Rule.ID+" "+it.Path)
	}
	same(t, held, "keys /home/u/.ssh/authorized_keys", "password /etc/shadow", "settings /etc/u.conf")
	for _, o := range []bake.Options{{Stage: bake.Live}, {Stage: bake.All}, {Stage: bake.All, LastStage: true}} {
		_, p = plan(t, dir, c, o)
		same(t, planned(p), "key /etc/key", "keys /home/u/.ssh/authorized_keys", "password /etc/shadow", "settings /etc/u.conf", "homes /home/u/.ssh")
	}
	_, p = plan(t, dir, c, bake.Options{Stage: bake.Shutdown, LastStage: true})
	same(t, planned(p), "keys /home/u/.ssh/authorized_keys", "password /etc/shadow", "settings /etc/u.conf")
	_, p = plan(t, dir, c, bake.Options{Stage: bake.Live, LastStage: true, Skip: []string{"keys"}})
	if len(p.Held) != 2 {
		t.Errorf("a rule that is switched off is held: %v", p.Held)
	}

	seal(t, dir, c, bake.Options{Stage: bake.Live, LastStage: true})
	same(t, names(t, dir), "/etc/", "/etc/clean.sh", "/etc/shadow", "/home/", "/home/u/", "/home/u/.ssh/", "/home/u/.ssh/authorized_keys")
	_, p = plan(t, dir, c, bake.Options{})
	for _, armed := range []bool{true, false} {
		want := map[bool]bake.State{true: bake.Pending, false: bake.Dirty}[armed]
		found := bake.Auditing{Armed: armed}.Findings(p)
		for _, f := range found {
			if f.Rule != "homes" && f.State != want {
				t.Errorf("armed %t: %s is %s", armed, f.Rule, f.State)
			}
		}
		if len(found) != 4 {
			t.Errorf("armed %t: %d findings", armed, len(found))
		}
	}
	seal(t, dir, c, bake.Options{})
	same(t, names(t, dir), "/etc/", "/etc/clean.sh", "/etc/shadow", "/etc/u.conf", "/home/", "/home/u/")
}

// What may not go at all is said while somebody can be told.
func TestHeldAndRefused(t *testing.T) {
	dir := grow(t, map[string]string{"etc/host_key": "k"})
	c := rules(t, bake.Rule{ID: "key", Where: []string{"/etc/host_key"}, Action: bake.Delete, Stage: bake.Shutdown, Held: true, Makers: []bake.Maker{{Name: "maker", Where: "/usr/bin/maker"}}})
	_, p := plan(t, dir, c, bake.Options{Stage: bake.Live, LastStage: true})
	if changes := p.Preview(); len(p.Held) != 0 || len(changes) != 1 || changes[0].Result != bake.Refused {
		t.Errorf("held %v, changes %v", p.Held, changes)
	}
}

func TestReset(t *testing.T) {
	id := bake.Rule{ID: "id", Where: []string{"/etc/machine-id"}, Action: bake.Reset, Reset: &bake.Content{Mode: 0o444, Create: true}}
	dbus := bake.Rule{ID: "dbus", Where: []string{"/var/lib/dbus/machine-id"}, Action: bake.Reset, Reset: &bake.Content{LinkTo: "/etc/machine-id"}}
	c := rules(t, id, dbus)
	for name, tree := range map[string]map[string]string{
		"missing":              {"etc/": "", "var/lib/dbus/machine-id": "old\n"},
		"full":                 {"etc/machine-id": "old\n", "var/lib/dbus/machine-id": "old\n"},
		"linked":               {"etc/machine-id": "old\n", "var/lib/dbus/machine-id": "-> /etc/machine-id"},
		"linked relatively":    {"etc/machine-id": "uninitialized\n", "var/lib/dbus/machine-id": "-> ../../../etc/machine-id"},
		"linked the other way": {"etc/machine-id": "-> /var/lib/dbus/machine-id", "var/lib/dbus/machine-id": "old\n"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := grow(t, tree)
			changes, _ := seal(t, dir, c, bake.Options{})
			for _, c := range changes {
				if c.Result != bake.Done {
					t.Errorf("%s: %s", c.Path, c.Message)
				}
			}
			root, err := rootfs.Open(dir)
			must(t, err)
			defer root.Close()
			for _, where := range []string{"/etc/machine-id", "/var/lib/dbus/machine-id"} {
				if data, err := root.ReadFile(where); err != nil || len(data) > 0 {
					t.Errorf("%s holds %q, %v", where, data, err)
				}
			}
			if again, _ := seal(t, dir, c, bake.Options{}); len(again) > 0 {
				t.Errorf("there is still something to do: %v", again)
			}
		})
	}
	dir := grow(t, map[string]string{"usr/": ""})
	if changes, _ := seal(t, dir, c, bake.Options{}); len(changes) > 0 {
		t.Errorf("without /etc there is no machine: %v", changes)
	}
}

func TestProfilesAndSwitches(t *testing.T) {
	dir := grow(t, map[string]string{"etc/shadow": "a:$6$x:1::::::\n", "var/lib/apt/lists/x": "x", "var/spool/cron/crontabs/a": "x", "etc/passwd": "x"})
	c, err := bake.NewCatalogue(bake.Builtin(nil))
	must(t, err)
	acts := func(o bake.Options) (ids []string) {
		_, p := plan(t, dir, c, o)
		for _, c := range p.Preview() {
			if !slices.Contains(ids, c.Rule) {
				ids = append(ids, c.Rule)
			}
		}
		return ids
	}
	same(t, acts(bake.Options{}), "machine-id", "apt-lists")
	same(t, acts(bake.Options{Profile: "marketplace"}), "machine-id", "apt-lists", "password-hashes")
	same(t, acts(bake.Options{Profile: "base"}), "machine-id")
	same(t, acts(bake.Options{Profile: "base", Switches: map[string]bake.Default{"apt-lists": bake.On, "machine-id": bake.Off}}), "apt-lists")
	same(t, acts(bake.Options{Only: []string{"user-crontabs"}}), "user-crontabs")
	same(t, acts(bake.Options{Skip: []string{"apt-lists"}}), "machine-id")
	root, err := rootfs.Open(dir)
	must(t, err)
	defer root.Close()
	for _, o := range []bake.Options{{Profile: "none"}, {Only: []string{"aptlists"}}, {Skip: []string{"x"}}, {Keep: []string{"relative"}}, {Switches: map[string]bake.Default{"x": bake.On}}} {
		if _, err := bake.NewPlan(root, c, o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
	if _, err := bake.NewPlan(root, c, bake.Options{Only: []string{"aptlists"}}); err == nil || !strings.Contains(err.Error(), `"apt-lists"`) {
		t.Errorf("no hint: %v", err)
	}
}

func TestHomes(t *testing.T) {
	dir := grow(t, map[string]string{
		"etc/passwd": "root:x:0:0::/root:/bin/sh\nsvc:x:1:1::/var/lib/svc:\ntop:x:2:2::/:\nnone:x:3:3::/nonexistent:\ndev:x:4:4::/dev/null:\nl:x:5:5::/home/l:\nodd:x:6:6::/home/o[d]*d:\nshort:x\n",
		"root/.h":    "x", "var/lib/svc/.h": "x", ".h": "x", "home/l": "-> /data/l", "data/l/.h": "x", "home/o[d]*d/.h": "x", "home/ghost/.h": "x", "home/CORP/u/.bashrc": "x", "home/CORP/u/.h": "x",
		"home/CORP/shared/.h": "x", "etc/skel/.h": "x", "home/file": "x", "home/away": "-> /etc",
	})
	_, p := plan(t, dir, rules(t, bake.Rule{ID: "h", Where: []string{"~/.h"}, Action: bake.Delete}), bake.Options{})
	same(t, planned(p), "h /.h", "h /data/l/.h", "h /etc/skel/.h", "h /home/CORP/u/.h", "h /home/ghost/.h", "h /home/o[d]*d/.h", "h /root/.h", "h /var/lib/svc/.h")
	if len(p.Unknown) > 0 {
		t.Errorf("unknown: %v", p.Unknown)
	}
}

// A user database that cannot be read is no reason to seal nothing.
func TestNoPasswd(t *testing.T) {
	c := rules(t, bake.Rule{ID: "h", Where: []string{"~/.h"}, Action: bake.Delete})
	for _, passwd := range []string{"-> passwd", "-> /etc", "-> /nowhere"} {
		changes, _ := seal(t, grow(t, map[string]string{"etc/passwd": passwd, "root/.h": "x", "home/u/.h": "x"}), c, bake.Options{})
		if len(changes) != 2 {
			t.Errorf("passwd %s: %v", passwd, changes)
		}
	}
	_, p := plan(t, grow(t, map[string]string{"etc/passwd/": ""}), c, bake.Options{})
	if len(p.Unknown) != 1 || p.Unknown[0].Path != "/etc/passwd" {
		t.Errorf("a passwd that is a folder: %v", p.Unknown)
	}
}

func TestScripts(t *testing.T) {
	dir := grow(t, map[string]string{"var/state": "x", "clean.d/a": "", "clean.d/b.sh": "", "clean.d/README": "", "clean.d/l": "-> a"})
	must(t, os.Chmod(dir+"/clean.d/a", 0o755))
	must(t, os.Chmod(dir+"/clean.d/b.sh", 0o755))
	c := rules(t, bake.Rule{ID: "s", Where: []string{"/var/state"}, Action: bake.Delete, Scripts: []string{"/clean.d/*"}})
	_, p := plan(t, dir, c, bake.Options{})
	if len(p.Notes) != 3 || !strings.Contains(p.Notes[0], "/clean.d/a was not run") {
		t.Errorf("notes: %q", p.Notes)
	}
	seal(t, dir, c, bake.Options{})
	if _, p := plan(t, dir, c, bake.Options{}); len(p.Notes) > 0 {
		t.Errorf("there was nothing to do, so no script has to run: %q", p.Notes)
	}
}

func TestApplyStopsWhenTimeIsUp(t *testing.T) {
	dir := grow(t, map[string]string{"tmp/a": "x", "tmp/b/c": "x"})
	root, p := plan(t, dir, rules(t, bake.Rule{ID: "tmp", Where: []string{"/tmp"}, Action: bake.Empty}), bake.Options{})
	over := errors.New("time is up")
	ctx, cancel := context.WithCancelCause(t.Context())
	var told int
	changes := (&bake.Applier{Root: root, Each: func(bake.Change) { told++; cancel(over) }}).Apply(ctx, p)
	if len(changes) != 2 || told != 2 || changes[0].Result != bake.Done || changes[1].Result != bake.Failed || changes[1].Message != "time is up" {
		t.Errorf("%+v", changes)
	}
	if gone(dir + "/tmp/b/c") {
		t.Error("it went on")
	}
}

func TestBytes(t *testing.T) {
	dir := grow(t, map[string]string{"tmp/d/a": strings.Repeat("x", 1000), "tmp/d/e/b": strings.Repeat("x", 500), "tmp/f": strings.Repeat("x", 7), "srv/h": strings.Repeat("x", 99)})
	must(t, os.Link(dir+"/srv/h", dir+"/tmp/d/h"))
	c := rules(t, bake.Rule{ID: "tmp", Where: []string{"/tmp"}, Action: bake.Empty})
	changes, _ := seal(t, dir, c, bake.Options{})
	if changes["/tmp/d"].Bytes != 1500 || changes["/tmp/f"].Bytes != 7 {
		t.Errorf("%+v", changes)
	}
}

func TestOverwrite(t *testing.T) {
	dir := grow(t, map[string]string{"root/.h": "a secret"})
	f, err := os.Open(dir + "/root/.h")
	must(t, err)
	defer f.Close()
	root, p := plan(t, dir, rules(t, bake.Rule{ID: "h", Where: []string{"~/.h"}, Action: bake.Delete, Secret: true}), bake.Options{})
	(&bake.Applier{Root: root, Overwrite: true, Each: func(bake.Change) {}}).Apply(t.Context(), p)
	data := make([]byte, 100)
	n, _ := f.Read(data)
	if !gone(dir+"/root/.h") || string(data[:n]) != "\x00\x00\x00\x00\x00\x00\x00\x00" {
		t.Errorf("the unlinked file holds %q", data[:n])
	}
}
