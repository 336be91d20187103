package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/e2e/nspawn"
	"github.com/leaven-dev/leaven/firstboot"
)

// TestCommandsInTheMiddle stops, kills, crashes and doubles first boot while a command of the configuration is at work. Nothing is told
// in between, each command is at work once at a time, what is secret stays so, and a daemon that a command started lives on.
func TestCommandsInTheMiddle(t *testing.T) {
	image := copyRoot(t, "bookworm")
	install(t, image)
	root := clone(t, image)
	put(t, root, "etc/leaven/firstboot.yaml", `run:
- {name: daemon, command: "setsid sleep 4711 >/dev/null 2>&1 </dev/null &", network: false}
- {name: tells, command: ": in-the-text; echo $TOKEN; echo x >>/tells", environment: {TOKEN: in-the-environment}, network: false}
- {name: slow, command: "echo x >>/slow; [ -e /go ] || sleep 4712", network: false, after: [daemon, tells]}
- {name: bad, command: "[ -e /good ]", policy: degrade, network: false, after: [slow]}
signal: {command: "cat >/told"}
`, 0o644)
	put(t, root, "etc/systemd/system/leaven-firstboot.service.d/soon.conf", "[Service]\nRestartSec=1\n", 0o644)
	put(t, root, "root/user-data", shebang+"hostname: second\n", 0o755)
	c := begin(t, nspawn.Config{Root: root})
	sh := func(script string) string {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		out, err := c.Command(ctx, "sh", "-c", script).CombinedOutput()
		if ctx.Err() != nil {
			t.Fatalf("%s: %v", script, err)
		}
		return strings.TrimSpace(string(out)) // the exit status is looked at by the script, where it counts
	}
	const atWork = `n=$1; until [ "$(pgrep -cf '[s]leep 4712')" = 1 ] && [ "$(wc -l </slow)" = "$n" ]; do sleep 0.1; done`
	wait := func(n string) { t.Helper(); sh("set -- " + n + "; " + atWork) }

	wait("1")
	if text := sh("ps axww -o args; systemctl show leaven-firstboot; cat /run/leaven/*.json /var/lib/leaven/*/state.json /var/lib/leaven/*/events.jsonl; journalctl -b -o cat LEAVEN_STEP=daemon"); strings.Contains(text, "in-the-") {
		t.Errorf("what a command says, or its text, is there for everybody:\n%s", text)
	}

	// A second one waits, and one that is told to end leaves everything as it is.
	if out := sh("timeout 2 leaven firstboot; echo $?; test -e /run/leaven/identified && leaven status"); !strings.Contains(out, "waiting for another leaven") || !strings.Contains(out, "is being brought up") {
		t.Errorf("a second one beside it: %s", out)
	}

	// Stopped: that is no verdict, and nobody is told one.
	sh("systemctl stop leaven-firstboot")
	if s := statusOf(t, c); s.Result != firstboot.Failed || !strings.Contains(s.Verdict, "interrupted") || !strings.Contains(s.Verdict, "leaven firstboot") {
		t.Errorf("stopped: %s", s.Verdict)
	}
	if out := sh("cat /told; pgrep -af '[s]leep 4712'"); strings.Contains(out, "leaven/status") || strings.Contains(out, "sleep") {
		t.Errorf("stopped: %s", out)
	}

	// Killed, as when memory runs out, and crashed: SIGQUIT ends a Go program as a crash does. systemd starts it anew, and who waits for
	// the end waits for that.
	sh("systemctl --no-block start leaven-firstboot")
	wait("2")
	sh("systemctl kill --signal=KILL --kill-who=main leaven-firstboot")
	wait("3")
	sh("touch /go; systemctl kill --signal=QUIT --kill-who=main leaven-firstboot")
	if s := statusOf(t, c); s.Result != firstboot.Degraded || find(s, "bad").Result != firstboot.Failed {
		t.Errorf("killed and started anew: %s", s.Verdict)
	}
	// The daemon is the one sleep that is left: the unit that failed does not take it along.
	const left = "pgrep -xc sleep; pgrep -fc '[s]leep 4711'; systemctl is-failed leaven-firstboot"
	if out := sh("wc -l </tells; wc -l </slow; " + left + "; grep -o 'is up, but degraded' /told | head -1"); out != "1\n4\n1\n1\nfailed\nis up, but degraded" {
		t.Errorf("commands that ran, what they left behind, the unit, what was told: %q", out)
	}

	// Corrected by hand, with user data as cloud-init brings it.
	if out := sh("touch /good; /root/user-data; echo $?; hostname; grep -o 'is up' /told | head -1"); !strings.HasSuffix(out, "\n0\nsecond\nis up") {
		t.Errorf("corrected by hand: %s", out)
	}
	if s := statusOf(t, c); s.Result != firstboot.OK {
		t.Errorf("corrected by hand: %s", s.Verdict)
	}

	// It crashes every time: systemd does not try for ever, and all are told. What it left at work is ended.
	put(t, root, "etc/leaven/firstboot.d/crash.yaml", "run: [{name: crash, command: \"echo x >>/crash; sleep 4713\", always: true, network: false, after: [bad]}]\n", 0o644)
	sh(`systemctl --no-block start leaven-firstboot; for n in 1 2 3; do
		until [ "$(wc -l </crash)" = $n ] && grep -A6 '"id": "crash"' /var/lib/leaven/current/state.json | grep -q running; do sleep 0.1; done
		systemctl kill --signal=QUIT --kill-who=main leaven-firstboot
	done`)
	const why = "failed: first boot was cut off 3 times in this boot"
	if s := statusOf(t, c); s.Result != firstboot.Failed || !strings.Contains(s.Verdict, why) || !strings.Contains(s.Verdict, "the last time at crash") {
		t.Errorf("crashed three times: %s", s.Verdict)
	}
	if out := sh("wc -l </crash; " + left + "; grep -o '" + why + "' /told /run/motd.d/leaven | wc -l"); out != "3\n1\n1\nfailed\n1" {
		t.Errorf("crashed three times: %q\n%s", out, sh("cat /told /run/motd.d/leaven"))
	}
	if !strings.Contains(c.Console.Text(), why) {
		t.Errorf("the console does not say it:\n%s", c.Console.Tail(10))
	}
}
