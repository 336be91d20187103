package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/e2e/nspawn"
	"github.com/leaven-dev/leaven/firstboot"
)

// testMetadataService boots instances beside a metadata service that does not do as it should. They wait side by side.
func testMetadataService(t *testing.T, image string, baked []string) {
	const id = "i-0123456789abcdef0"
	for _, c := range []struct {
		name    string
		serve   func(t *testing.T, v *vpc)
		result  firstboot.Result
		step    string
		message string
	}{
		{"late by a minute", func(t *testing.T, v *vpc) {
			timer := time.AfterFunc(time.Minute, func() { v.metadata(id, shebang+"hostname: late\n") })
			t.Cleanup(func() { timer.Stop() })
		}, firstboot.OK, "metadata", "says the same"},
		{"503 at first", func(t *testing.T, v *vpc) { v.metadata(id, shebang+"hostname: late\n").Fail(6, 503) }, firstboot.OK, "metadata", "says the same"},
		{"slow", func(t *testing.T, v *vpc) { v.metadata(id, shebang+"hostname: late\n").Slow(800 * time.Millisecond) }, firstboot.OK, "metadata", "says the same"},
		{"token refused", func(t *testing.T, v *vpc) { v.metadata(id, "").RefuseTokens(true) },
			firstboot.Failed, "metadata", "instance metadata is switched off: 169.254.169.254 answers a request for a session token with 403 Forbidden"},
		{"version 1", func(t *testing.T, v *vpc) { v.metadata(id, "").Version1() }, firstboot.Failed, "metadata", "it does not speak version 2, and version 1 is not safe"},
		{"absent", func(*testing.T, *vpc) {}, firstboot.Failed, "metadata", "took longer than 10s"},
		{"wrong id", func(t *testing.T, v *vpc) { v.metadata("<html>", "") }, firstboot.Failed, "metadata", `"<html>", which is none; something else answers`},
		{"other id", func(t *testing.T, v *vpc) { v.metadata("i-0eeeeeeeeeeeeeeee", "") }, firstboot.OK, "metadata", "calls it i-0eeeeeeeeeeeeeeee"}, // whoever started it has given it another
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v, root := newVPC(t), clone(t, image)
			if c.name == "absent" {
				put(t, root, "etc/leaven/firstboot.d/soon.yaml", "network: {wait: 10s}\n", 0o644)
			}
			v.up()
			c.serve(t, v)
			container := begin(t, nspawn.Config{Root: root, Credentials: map[string]string{"leaven.instance-id": id}, Network: v.instance.Path()})
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if _, err := container.Run(ctx, "sh", "-c", "until systemctl is-active --quiet ssh.service; do sleep 0.2; done"); err != nil {
				t.Errorf("sshd waits for the metadata service: %v", err)
			}
			keys := ownKeys(t, container, baked) // not only at the end
			s := statusOf(t, container)
			if rec := find(s, c.step); s.Result != c.result || !strings.Contains(rec.String(), c.message) {
				t.Errorf("status: %s; step %s: %s", s.Verdict, c.step, rec)
			}
			if again := ownKeys(t, container, baked); strings.Join(again, " ") != strings.Join(keys, " ") {
				t.Errorf("the host keys changed: %q", again)
			}
			if text := container.Console.Text(); c.result == firstboot.Failed && !strings.Contains(text, c.message) {
				t.Errorf("the console does not say why:\n%s", text)
			}
			if c.result == firstboot.OK && c.name != "other id" && run(t, container, "hostname") != "late" {
				t.Error("the user data did not arrive")
			}
		})
	}
}
