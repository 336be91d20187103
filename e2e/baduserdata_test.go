package e2e

import (
	"compress/gzip"
	"strings"
	"testing"

	"github.com/leaven-dev/leaven/e2e/nspawn"
	"github.com/leaven-dev/leaven/firstboot"
)

// testBadUserData gives one instance bad user data of all kinds, one after another: each is told with its place and what to do.
func testBadUserData(t *testing.T, image string, baked []string) {
	v, root := newVPC(t), clone(t, image)
	v.up()
	fake := v.metadata("i-0123456789abcdef0", shebang+"hostname: good\n")
	c := begin(t, nspawn.Config{Root: root, Credentials: map[string]string{"leaven.instance-id": "i-0123456789abcdef0"}, Network: v.instance.Path()})
	if s := statusOf(t, c); s.Result != firstboot.OK {
		t.Fatalf("status: %s", s.Verdict)
	}
	keys := ownKeys(t, c, baked)
	for _, bad := range []struct{ data, says string }{
		{shebang + "hostname: [x\n", "user data:3:1: did not find expected ',' or ']'"},
		{shebang + "run: [{name: a, comand: x}]\n", `user data:2:17: unknown key "comand" (did you mean "command"?)`},
		{shebang + "- hostname\n", "user data:2:1: want keys with values here, not a list"},
		{shebang + "network: {wait: 5x}\n", `user data:2:17: want a duration such as 90s, 5m or 1h30m here, not "5x"`},
		{shebang + "hostname: web-${instance.regoin}\n", `did you mean "instance.region"?`},
		{shebang + "hostname: ${tag.Nmae}\n", `the instance has no tag Nmae (did you mean "Name"?)`},
		{shebang + "hostname: a_b\n", "user data:2:11: "},
		{shebang + "run:\n- {name: a, command: x}\n- {name: b, command: x, after: [aa]}\n", `user data:4:33: step "b" comes after "aa", which does not exist`},
		{shebang + "run: [{name: a, command: x, after: [b]}, {name: b, command: x, after: [a]}]\n", "cannot order the steps: each waits for the next one: a → b → a"},
		{shebang + "run: [{name: network, command: x}]\n", "user data:2:14: Leaven has a step"},
		{shebang + "mounts: [{at: /srv, efs: fs-1}]\n", `user data:2:26: "fs-1" does not fit here: an EFS file system`},
		{"\n" + shebang + "hostname: x\n", "blank lines come before"},
		{"\xff\xfe" + strings.Join(strings.Split(shebang, ""), "\x00") + "\x00", "it is UTF-16; save it as UTF-8"},
		{gzipped(t, shebang+"hostname: x\n")[:60], "its gzip is damaged"},
		{strings.Replace(mimeUserData(shebang+"hostname: x\n"), "#!/bin/sh\ntrue\n", shebang, 1), "part"},
	} {
		fake.Set("user-data", bad.data)
		out, err := c.Run(t.Context(), "leaven", "firstboot")
		s := statusOf(t, c)
		if err == nil || s.Result != firstboot.Failed || !strings.Contains(s.Verdict, bad.says) {
			t.Errorf("%.80q: %v, want %q; %v\n%s", bad.data, s.Verdict, bad.says, err, out)
		}
		if !strings.Contains(c.Console.Text(), bad.says) {
			t.Errorf("%.80q: the console does not say %q:\n%s", bad.data, bad.says, c.Console.Tail(5))
		}
		t.Logf("%.80q: %s", bad.data, s.Verdict)
	}
	fake.Set("user-data", shebang+"hostname: corrected\n")
	run(t, c, "leaven", "firstboot")
	if name := run(t, c, "hostname"); name != "corrected" {
		t.Errorf("host name %q", name)
	}
	if again := ownKeys(t, c, baked); strings.Join(again, " ") != strings.Join(keys, " ") {
		t.Errorf("the host keys changed: %q", again)
	}
}

func gzipped(t *testing.T, text string) string {
	t.Helper()
	var b strings.Builder
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// mimeUserData is multi-part user data as Terraform's cloudinit_config makes it, with ours behind a script.
func mimeUserData(ours string) string {
	return "Content-Type: multipart/mixed; boundary=\"MIMEBOUNDARY\"\nMIME-Version: 1.0\r\n\r\n--MIMEBOUNDARY\r\n" +
		"Content-Disposition: attachment; filename=\"a.sh\"\r\nContent-Transfer-Encoding: 7bit\r\nContent-Type: text/x-shellscript\r\nMime-Version: 1.0\r\n\r\n#!/bin/sh\ntrue\n\r\n--MIMEBOUNDARY\r\n" +
		"Content-Transfer-Encoding: 7bit\r\nContent-Type: text/x-shellscript\r\nMime-Version: 1.0\r\n\r\n" + ours + "\r\n--MIMEBOUNDARY--\r\n"
}
