package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/e2e/netns"
	"github.com/leaven-dev/leaven/e2e/nspawn"
	"github.com/leaven-dev/leaven/firstboot/health"
)

// TestHealth asks instances for their health as a load balancer does: from outside, over HTTP.
func TestHealth(t *testing.T) {
	for _, suite := range []string{"bookworm", "trixie"} {
		t.Run(suite, func(t *testing.T) {
			image := copyRoot(t, suite)
			install(t, image)
			t.Run("off", func(t *testing.T) { testHealthOff(t, image) })
			t.Run("on", func(t *testing.T) { testHealthOn(t, image) })
			t.Run("failed", func(t *testing.T) { testHealthFailed(t, image) })
		})
	}
}

// testHealthOff boots an instance whose configuration says nothing of health: nobody listens.
func testHealthOff(t *testing.T, image string) {
	c := boot(t, nspawn.Config{Root: clone(t, image)})
	for _, unit := range []string{"leaven-health.socket", "leaven-health.service", "leaven-leave.service"} {
		if state := run(t, c, "systemctl", "show", "--value", "--property=ActiveState", unit); state != "inactive" {
			t.Errorf("%s is %s", unit, state)
		}
	}
	if out := run(t, c, "systemd-analyze", "verify", "--man=no", "leaven-health.socket", "leaven-health.service", "leaven-leave.service"); out != "" {
		t.Errorf("systemd-analyze verify: %s", out)
	}
	if text, err := c.Run(t.Context(), "leaven", "health", "--once"); err != nil || strings.TrimSpace(text) != "ok" {
		t.Errorf("leaven health --once: %q, %v", text, err)
	}
	if text, err := c.Run(t.Context(), "leaven", "health"); err == nil || !strings.Contains(err.Error(), "--listen ADDRESS") {
		t.Errorf("leaven health without a socket: %q, %v", text, err)
	}
}

// testHealthOn follows an instance from before first boot is through.
func testHealthOn(t *testing.T, image string) {
	root := clone(t, image)
	put(t, root, "etc/leaven/firstboot.yaml", `
health: {listen: 8088, fresh: 1s}
run:
- {name: slow, command: "while [ ! -e /run/go ]; do sleep 0.1; done", network: false}
`, 0o644)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	c, err := nspawn.Boot(ctx, nspawn.Config{Root: root, Console: filepath.Join(t.ArtifactDir(), "console.log")})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	b := newBalancer(c, "127.0.0.1:8088")
	b.until(t, 503, health.Starting, "")
	if text, err := c.Run(ctx, "leaven", "health", "--once"); err == nil || !strings.Contains(text, "first boot is not through") {
		t.Errorf("leaven health --once before first boot is through: %q, %v", text, err)
	}
	run(t, c, "touch", "/run/go")
	run(t, c, "leaven", "status", "--wait")
	b.until(t, 200, health.OK, "")
	small(t, c, "leaven-health.service")

	// It answers itself over its socket and tells the watchdog; one that does not work any more is started anew.
	pid := run(t, c, "systemctl", "show", "--value", "--property=MainPID", "leaven-health.service")
	run(t, c, "sh", "-c", "mkdir -p /run/systemd/system/leaven-health.service.d; printf '[Service]\\nWatchdogSec=3\\n' >/run/systemd/system/leaven-health.service.d/test.conf; systemctl daemon-reload; systemctl restart leaven-health.service")
	again := run(t, c, "systemctl", "show", "--value", "--property=MainPID", "leaven-health.service")
	if again == pid {
		t.Fatal("the service was not restarted, so nothing is shown")
	}
	time.Sleep(7 * time.Second)
	if now := run(t, c, "systemctl", "show", "--value", "--property=MainPID", "leaven-health.service"); now != again {
		t.Error("the watchdog ended a service that answers")
	}
	run(t, c, "kill", "-STOP", again)
	b.until(t, 200, health.OK, "")
	if now := run(t, c, "systemctl", "show", "--value", "--property=MainPID", "leaven-health.service"); now == again {
		t.Error("a service that is stopped answers?")
	}
	if log, err := c.Journal(ctx, "--unit=leaven-health.service"); err != nil || !strings.Contains(log, "Watchdog timeout") {
		t.Errorf("the journal has no watchdog: %v\n%s", err, log)
	}

	// Leaving turns it over at once, cancelling turns it back.
	put(t, root, "etc/leaven/firstboot.d/leave.yaml", "leave: {drain: 30s, on: [spot]}\n", 0o644)
	leaving := c.Command(ctx, "leaven", "leave", "--now", "a test")
	if err := leaving.Start(); err != nil {
		t.Fatal(err)
	}
	b.until(t, 503, health.Leaving, "")
	run(t, c, "leaven", "leave", "--cancel")
	b.until(t, 200, health.OK, "")
	if err := leaving.Wait(); err == nil {
		t.Error("a leave that was cancelled exits 0")
	}

	// Another address counts at once, and the old one no more.
	put(t, root, "etc/leaven/firstboot.yaml", "health: {listen: \"127.0.0.1:8089\"}\n", 0o644)
	remove(t, root, "etc/leaven/firstboot.d/leave.yaml")
	run(t, c, "leaven", "firstboot")
	newBalancer(c, "127.0.0.1:8089").until(t, 200, health.OK, "")
	if _, _, err := b.ask(ctx); err == nil {
		t.Error("the old address still answers")
	}
	// Records that cannot be read are no reason to say that all is well.
	run(t, c, "sh", "-c", "echo '{' >/run/leaven/provision.json")
	newBalancer(c, "127.0.0.1:8089").until(t, 503, health.Unknown, "")
}

// testHealthFailed boots an instance on which a required step fails.
func testHealthFailed(t *testing.T, image string) {
	root := clone(t, image)
	put(t, root, "etc/leaven/firstboot.yaml", "health: {listen: 8088}\nrun:\n- {name: bad, command: \"echo s3cret >&2; exit 7\", network: false}\n", 0o644)
	c, _ := bootAnyhow(t, nspawn.Config{Root: root})
	b := newBalancer(c, "127.0.0.1:8088")
	b.until(t, 503, health.Failed, "bad")
	if text, err := c.Run(t.Context(), "leaven", "health", "--once"); err == nil || !strings.Contains(text, "first boot failed at step bad: ") || strings.Contains(text, "s3cret") {
		t.Errorf("leaven health --once: %q, %v", text, err)
	}
}

// small looks how much memory a service takes: 25 MB at most, what is shared with others included.
func small(t *testing.T, c *nspawn.Container, unit string) {
	t.Helper()
	pid := run(t, c, "systemctl", "show", "--value", "--property=MainPID", unit)
	text := run(t, c, "sed", "-n", `s/^VmHWM:[^0-9]*\([0-9]*\) kB$/\1/p`, "/proc/"+pid+"/status")
	if kilobytes, err := strconv.Atoi(text); err != nil || kilobytes*1024 > 25e6 {
		t.Errorf("%s has taken %s kB, %v", unit, text, err)
	}
}

// balancer asks an instance for its health.
type balancer struct {
	url    string
	client http.Client
}

func newBalancer(c *nspawn.Container, address string) *balancer {
	network := fmt.Sprintf("/proc/%d/ns/net", c.Leader())
	return &balancer{"http://" + address + "/health", http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
			return netns.Dial(ctx, network, address)
		},
	}}}
}

func (b *balancer) ask(ctx context.Context) (code int, a health.Answer, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, b.url, nil)
	if err != nil {
		return 0, a, err
	}
	response, err := b.client.Do(request)
	if err != nil {
		return 0, a, err
	}
	defer response.Body.Close()
	return response.StatusCode, a, json.NewDecoder(response.Body).Decode(&a)
}

// until asks until the answer is the one that is wanted.
func (b *balancer) until(t *testing.T, code int, status health.Status, step string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
	defer cancel()
	for {
		got, a, err := b.ask(ctx)
		if got == code && a.Status == status && a.Step == step && err == nil {
			return
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			t.Fatalf("%s answers %d %+v %v, want %d %s %s", b.url, got, a, err, code, status, step)
		}
	}
}
