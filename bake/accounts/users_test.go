package accounts

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/bake"
	"github.com/leaven-dev/leaven/bake/treetest"
)

const people = `root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
sync:x:4:65534:sync:/bin:/bin/sync
admin:x:1000:1000::/home/admin:/bin/bash
`

// A fresh Debian: nothing to find.
func TestFreshAccounts(t *testing.T) {
	want(t, "marketplace", map[string]string{
		"etc/passwd":  people,
		"etc/shadow":  "root:*:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\nsync:!*:19000::::::\nadmin:!:19000:0:99999:7:::\n",
		"etc/group":   "root:x:0:\nsudo:x:27:admin\n",
		"etc/gshadow": "root:*::\nsudo:!::admin\n",
	})
}

func TestPasswords(t *testing.T) {
	files := map[string]string{
		"etc/passwd": "root:x:0:0::/root:/bin/sh\nempty:x:1001:1001::/:/bin/sh\nsvc:x:200:200::/:/bin/sh\nquiet:x:201:201::/:/usr/sbin/nologin\n" +
			"old:x:1002:1002::/:\nlocked:x:1003:1003::/:/bin/sh\nclear::1004:1004::/:/bin/sh\nhash:" + sha512Other + ":1005:1005::/:/bin/sh\nnis:NP:1006:1006::/:/bin/sh\n",
		"etc/shadow": "root:" + yescryptOther + ":1::::::\nempty::1::::::\nsvc:" + sha512Other + ":1::::::\nquiet:" + sha512Other + ":1::::::\n" +
			"old:" + desTest + ":1::::::\nlocked:!" + sha512Vagrant + ":1::::::\nclear:*:1::::::\nhash:*:1::::::\nnis:*:1::::::\n",
	}
	want(t, "ami", files,
		"warning account-root-password /etc/shadow:1 root",
		"error account-empty-password /etc/shadow:2 empty",
		"warning account-system-password /etc/shadow:3 svc, shell /bin/sh",
		"warning account-password /etc/shadow:4 quiet",
		"warning account-password /etc/shadow:5 old",
		"warning account-weak-hash /etc/shadow:5 old",
		"error account-empty-password /etc/passwd:7 clear",
		"warning account-password /etc/passwd:8 hash",
		"error account-open-hash /etc/passwd:8 the password of hash stands in passwd",
	)
	found, _ := Look(context.Background(), treetest.Open(t, files), "marketplace")
	for _, f := range found {
		if f.Severity != bake.Error {
			t.Errorf("marketplace: %s of %s is a %s", f.Rule, f.Message, f.Severity)
		}
	}
}

func TestDefaultPasswords(t *testing.T) {
	for name, hash := range map[string]string{
		"yescrypt": yescryptPacker, "sha512": sha512Vagrant, "rounds": sha512Changeme, "deploy": sha256Deploy123, "md5": md5Admin, "root": bcryptRoot,
	} {
		files := map[string]string{
			"etc/passwd": name + ":x:1000:1000::/:/bin/sh\n",
			"etc/shadow": name + ":" + hash + ":1::::::\n",
		}
		findings := []string{"error account-default-password /etc/shadow:1 " + name}
		switch name {
		case "root":
			findings = append(findings, "warning account-root-password /etc/shadow:1 root")
		case "md5":
			findings = append(findings, "warning account-weak-hash /etc/shadow:1 md5")
			fallthrough
		default:
			findings = append(findings, "warning account-password /etc/shadow:1 "+name)
		}
		want(t, "ami", files, findings...)
	}
}

// A hash made to take for ever must not hold up the audit, and that it was left out must be said.
func TestGuessingIsBounded(t *testing.T) {
	for _, hash := range []string{
		"$6$rounds=999999999$salt$x", "$y$jHT$F5Jx5fExrKuPp53xLKQ..1$x", "$2b$31$abcdefghijklmnopqrstuulWTcZfVtnhlad3wt/ddB/hpQzfut/Pe", "$7$CU..../....x$y", desTest, yescryptOther,
	} {
		lines := ""
		for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
			lines += name + ":" + hash + ":1::::::\n"
		}
		root := treetest.Open(t, map[string]string{
			"etc/passwd": strings.ReplaceAll(strings.ReplaceAll(lines, hash, "x"), ":1::::::", ":1000:1000::/:/bin/sh"),
			"etc/shadow": lines,
		})
		start := time.Now()
		_, notes := Look(context.Background(), root, "ami")
		if took := time.Since(start); took > 15*guessing {
			t.Errorf("%.6s…: %v", hash, took)
		}
		if len(notes) == 0 || !strings.Contains(strings.Join(notes, " "), "tried") {
			t.Errorf("%.6s…: nothing says that not every password was tried: %q", hash, notes)
		}
	}
}

func TestOddAccounts(t *testing.T) {
	want(t, "ami", map[string]string{
		"etc/passwd": "root:x:0:0::/root:/bin/sh\n# a comment\n+::::::\ntoor:x:0:0::/root:/bin/sh\nzero:x:00:0::/:/bin/sh\na:x:1000:1::/:/bin/sh\nb:x:1000:1::/:/bin/sh\n" +
			"b:x:1001:1::/:/bin/sh\nvagrant:x:1002:1::/:/bin/sh\nnoshadow:x:1003:1::/:/bin/sh\nbad:x:abc:1::/:/bin/sh\nshort:x:1\n\n",
		"etc/shadow": "root:*:::::::\ntoor:*:::::::\nzero:*:::::::\na:*:::::::\nb:*:::::::\nvagrant:*:::::::\nleft:*:::::::\nbad:*:::::::\nroot:" + sha512Vagrant + ":::::::\nshort\n",
		"etc/group":  "g:" + sha512Vagrant + ":5:\n", "etc/gshadow": "h:" + sha512Vagrant + "::\ni:!::\n",
	},
		"error account-uid-zero /etc/passwd:4 toor has user ID 0",
		"error account-uid-zero /etc/passwd:5 zero has user ID 0",
		"warning account-same-uid /etc/passwd:7 b has the user ID of a, 1000",
		"warning account-mismatch /etc/passwd:8 b is there twice; programs take the first",
		"warning account-builder /etc/passwd:9 vagrant",
		"warning account-mismatch /etc/passwd:10 the password of noshadow is to be in shadow and is not there",
		"unknown /etc/passwd:11", "unknown /etc/passwd:12", "unknown /etc/shadow:10",
		"warning account-mismatch /etc/shadow:7 left has a password entry and no account",
		"warning account-mismatch /etc/shadow:8 bad has a password entry and no account",
		"warning account-mismatch /etc/shadow:9 root is there twice; programs take the first",
		"warning account-group-password /etc/group:1 g",
		"error account-open-hash /etc/group:1 the password of the group g stands in group",
		"warning account-group-password /etc/gshadow:1 h",
	)
}

func TestShadowMode(t *testing.T) {
	root := treetest.Open(t, map[string]string{"etc/shadow-": ""})
	if err := os.Chmod(root.Dir()+"/etc/shadow-", 0o644); err != nil {
		t.Fatal(err)
	}
	found, _ := Look(context.Background(), root, "ami")
	if got := short(found); len(got) != 1 || got[0] != "error account-open-hash /etc/shadow-:0 every user can read the file (mode 0644)" {
		t.Errorf("got %q", got)
	}
}

// A link that leads out of the tree stays inside, and one that leads nowhere is nothing.
func TestLinkedFiles(t *testing.T) {
	want(t, "ami", map[string]string{
		"etc/passwd":       "->../../../../usr/share/passwd",
		"usr/share/passwd": "root::0:0::/root:/bin/sh\n",
		"etc/shadow":       "->/nowhere",
		"etc/sudoers":      "->sudoers",
	}, "error account-empty-password /etc/passwd:1 root")
}

// TestUnreadable runs itself again as a user who may not read shadow: that is unknown, never clean.
func TestUnreadable(t *testing.T) {
	if dir := os.Getenv("LEAVEN_TEST_ROOT"); dir != "" {
		printFindings(t, dir)
		return
	}
	if os.Geteuid() != 0 {
		t.Fatal("this test gives up root rights, so it needs them: run it as root")
	}
	dir, err := os.MkdirTemp("/tmp", "leaven-accounts-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for name, mode := range map[string]os.FileMode{"passwd": 0o644, "shadow": 0o600, "sudoers": 0o440} {
		if err := os.MkdirAll(dir+"/etc", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(dir+"/etc/"+name, []byte(map[string]string{"passwd": people}[name]), mode); err != nil {
			t.Fatal(err)
		}
	}
	program := dir + "/test"
	if out, err := exec.Command("cp", os.Args[0], program).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, p := range []string{dir, program} {
		if err := os.Chmod(p, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", program, "-test.run", "^TestUnreadable$", "-test.v")
	cmd.Env = append(os.Environ(), "LEAVEN_TEST_ROOT="+dir)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, line := range []string{"found: unknown /etc/shadow:0\n", "found: unknown /etc/sudoers:0\n"} {
		if !strings.Contains(string(out), line) {
			t.Errorf("want %q in:\n%s", line, out)
		}
	}
}
