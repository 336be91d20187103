package e2e

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/e2e/nspawn"
	"github.com/leaven-dev/leaven/internal/journal"
)

// TestReport follows what an instance tells of its first boot, by every way: status, picture, journal, message of the day.
func TestReport(t *testing.T) {
	for _, suite := range []string{"bookworm", "trixie"} {
		t.Run(suite, func(t *testing.T) {
			root := copyRoot(t, suite)
			install(t, root)
			testReport(t, root)
		})
	}
}

func testReport(t *testing.T, root string) {
	put(t, root, "etc/systemd/system/leaven-firstboot.service.d/late.conf", "[Service]\nExecStartPre=/bin/sleep 3\n", 0o644)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c, err := nspawn.Boot(ctx, nspawn.Config{
		Root: root, Console: filepath.Join(t.ArtifactDir(), "console.log"), Credentials: map[string]string{"leaven.instance-id": "i-0000000000000000a"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	// People see on their terminal what is waited for. The line is taken back at the end, and a pipe never gets it.
	const nobody = "setpriv --reuid=nobody --regid=nogroup --clear-groups "
	if text := run(t, c, "sh", "-c", `TERM=xterm script -qec "`+nobody+`leaven status --wait" /dev/null`); !strings.Contains(text, "\r\x1b[Kwaiting for ") || !strings.Contains(text, "\r\x1b[K\x1b[32minstance") {
		t.Errorf("status --wait on a terminal: %q", text)
	}
	if text := run(t, c, "sh", "-c", nobody+"leaven status --wait 2>&1"); strings.Contains(text, "waiting") || !strings.Contains(text, " is up: ") {
		t.Errorf("status --wait in a pipe: %q", text)
	}
	picture := run(t, c, "sh", "-c", nobody+"leaven status --output svg")
	if err := xml.NewDecoder(strings.NewReader(picture)).Decode(new(struct{})); err != nil && !errors.Is(err, io.EOF) || !strings.Contains(picture, ">host-keys</text>") {
		t.Errorf("the picture of a boot is wrong: %v\n%s", err, picture)
	}

	one(t, c, "ok", "6", "-u", "leaven-identity", "LEAVEN_STEP=host-keys", "MESSAGE_ID="+journal.StepEnded)
	one(t, c, "ok", "6", "-u", "leaven-firstboot", "MESSAGE_ID="+journal.Verdict)
	if text := run(t, c, "sh", "-c", "ls -A /run/motd.d || true"); strings.Contains(text, "leaven") {
		t.Error("all is well, and there is a message of the day")
	}
	off(t, c)

	// The disk is cloned with its machine-id: the instance is up, but degraded.
	c, _ = bootAnyhow(t, nspawn.Config{Root: root, Credentials: map[string]string{"leaven.instance-id": "i-0000000000000000b"}})
	one(t, c, "failed", "4", "-u", "leaven-identity", "LEAVEN_STEP=machine-id", "LEAVEN_INSTANCE=i-0000000000000000b")
	one(t, c, "degraded", "4", "-u", "leaven-firstboot", "MESSAGE_ID="+journal.Verdict, "-p", "warning")
	run(t, c, "sh", "-euc", `
		ssh-keygen -q -t ed25519 -N "" -f /root/key
		install -d -o admin -m 0700 /home/admin/.ssh
		install -o admin -m 0600 /root/key.pub /home/admin/.ssh/authorized_keys`)
	const login = "echo exit | ssh -tt -i /root/key -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null admin@127.0.0.1"
	if text := run(t, c, "sh", "-c", login); !strings.Contains(text, "is up, but DEGRADED") || !strings.Contains(text, "step machine-id: ") {
		t.Errorf("who logs in is not told that the instance is degraded:\n%s", text)
	}
	// Once it is repaired, nobody is told any more.
	run(t, c, "sh", "-c", "tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id && leaven firstboot && leaven status")
	if text := run(t, c, "sh", "-c", login); strings.Contains(text, "DEGRADED") {
		t.Errorf("who logs in is told of what is repaired:\n%s", text)
	}
}

// one looks for the one entry of the journal that matches, and checks its result and priority.
func one(t *testing.T, c *nspawn.Container, result, priority string, match ...string) {
	t.Helper()
	run(t, c, "journalctl", "--sync")
	text, err := c.Journal(t.Context(), append([]string{"--output=json"}, match...)...)
	if err != nil {
		t.Fatal(err)
	}
	var entry struct {
		Result   string `json:"LEAVEN_RESULT"`
		Priority string `json:"PRIORITY"`
		Name     string `json:"SYSLOG_IDENTIFIER"`
	}
	if err := json.Unmarshal([]byte(text), &entry); err != nil {
		t.Fatalf("the journal has not one entry for %q: %v\n%s", match, err, text)
	}
	if entry.Result != result || entry.Priority != priority || entry.Name != "leaven" {
		t.Errorf("the journal's entry for %q is %+v, want result %s and priority %s", match, entry, result, priority)
	}
}
