package network

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/e2e/netns"
)

// Wait sees the namespace of its own process, so each test runs this test binary once more, in a network namespace and with an
// /etc and a /run of its own.
const waitFor = "LEAVEN_TEST_WAIT_FOR"

type order struct {
	Need    Need
	Timeout time.Duration
	Spent   string // a file in /proc/sys/user: this much of inotify is all in use
}

func TestMain(m *testing.M) {
	text, ok := os.LookupEnv(waitFor)
	if !ok {
		os.Exit(m.Run())
	}
	var o order
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		panic(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), o.Timeout)
	defer cancel()
	found, err := Wait(ctx, o.Need, func(what string) { fmt.Println(what) })
	if err != nil {
		fmt.Println("error:", err)
	} else {
		fmt.Println("found:", found)
	}
}

// waiter is a Wait under way.
type waiter struct {
	t     *testing.T
	ns    *netns.Namespace
	far   *netns.Namespace // where the other end of the cable is, v1
	cmd   *exec.Cmd
	lines *bufio.Reader
}

// start begins to wait in a namespace where v0 is one end of a cable, and down.
func start(t *testing.T, o order) *waiter {
	t.Helper()
	w := &waiter{t: t, ns: namespace(t), far: namespace(t)}
	if err := w.ns.Connect(t.Context(), "v0", w.far, "v1"); err != nil {
		t.Fatal(err)
	}
	w.ip("link set v0 down")
	w.begin(o)
	return w
}

func namespace(t *testing.T) *netns.Namespace {
	t.Helper()
	ns, err := netns.New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ns.Close() })
	return ns
}

func (w *waiter) begin(o order) {
	w.t.Helper()
	if o.Timeout == 0 {
		o.Timeout = 20 * time.Second
	}
	text, err := json.Marshal(o)
	if err != nil {
		w.t.Fatal(err)
	}
	args := []string{"unshare", "--mount", "sh", "-c", `mount -t tmpfs tmpfs /etc && mount -t tmpfs tmpfs /run && exec "$0"`, os.Args[0]}
	if o.Spent != "" {
		args = append([]string{"unshare", "--user", "--map-root-user", "sh", "-c", `echo 0 >"/proc/sys/user/$0" && exec "$@"`, o.Spent}, args...)
	}
	w.cmd = w.ns.Command(w.t.Context(), args...)
	w.cmd.Env = append(os.Environ(), waitFor+"="+string(text))
	w.cmd.Stderr = os.Stderr
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { io.Copy(io.Discard, out); w.cmd.Wait() })
	w.lines = bufio.NewReader(out)
}

func (w *waiter) ip(args string)    { w.t.Helper(); w.ipIn(w.ns, args) }
func (w *waiter) farIP(args string) { w.t.Helper(); w.ipIn(w.far, args) }

func (w *waiter) ipIn(ns *netns.Namespace, args string) {
	w.t.Helper()
	if _, err := ns.Run(w.t.Context(), append([]string{"ip"}, strings.Fields(args)...)...); err != nil {
		w.t.Fatal(err)
	}
}

func (w *waiter) line() string {
	w.t.Helper()
	line, err := w.lines.ReadString('\n')
	if err != nil {
		w.t.Fatalf("it ended: %v", err)
	}
	w.t.Log(strings.TrimSpace(line))
	return strings.TrimSpace(line)
}

// says reads lines until want comes. Others may come before it, since one command of ip can be several changes, but none that
// ends the waiting.
func (w *waiter) says(want string) {
	w.t.Helper()
	for {
		line := w.line()
		if line == want {
			return
		}
		if !strings.HasPrefix(line, "waiting ") {
			w.t.Fatalf("it says %q, want %q", line, want)
		}
	}
}

// file is one of the waiter's own.
func (w *waiter) file(name string) string {
	return "/proc/" + strconv.Itoa(w.cmd.Process.Pid) + "/root" + name
}

func (w *waiter) write(name, text string) {
	w.t.Helper()
	if err := os.MkdirAll(filepath.Dir(w.file(name)), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(w.file(name), []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

// noIPv6 makes v0 have no IPv6 address of its own, whose comings and goings would be more lines.
func (w *waiter) noIPv6() {
	w.t.Helper()
	if _, err := w.ns.Run(w.t.Context(), "sysctl", "-qw", "net.ipv6.conf.v0.disable_ipv6=1"); err != nil {
		w.t.Fatal(err)
	}
}

func TestWaitIPv4(t *testing.T) {
	t.Parallel()
	w := start(t, order{Need: Need{Resolver: true}})
	w.noIPv6()
	w.says("waiting for a link: v0 is down")
	w.farIP("link set v1 down")
	w.ip("link set v0 up")
	w.says("waiting for a link: v0 is up but has no carrier")
	w.farIP("link set v1 up")
	w.says("waiting for an address: v0 has none")
	w.ip("address add 169.254.7.7/16 dev v0 scope link")
	w.says("waiting for an address: v0 has only 169.254.7.7/16 (for the link only)")
	time.Sleep(time.Second) // as a slow DHCP server
	w.ip("address add 10.9.0.5/24 dev v0")
	w.says("waiting for a default route: v0 is up with 10.9.0.5/24")
	w.ip("route add unreachable default metric 1")
	w.ip("route add 192.0.2.0/24 via 10.9.0.1")
	w.ip("route add default via 10.9.0.1 metric 100")
	w.says("waiting for a name server: there is no /etc/resolv.conf; v0 is up with 10.9.0.5/24 and gateway 10.9.0.1")
	w.write("/etc/resolv.conf", "# none\nsearch example.com\n")
	w.says("waiting for a name server: /etc/resolv.conf names none; v0 is up with 10.9.0.5/24 and gateway 10.9.0.1")
	w.write("/etc/resolv.conf", "search example.com\nnameserver 10.9.0.2\n")
	w.says("found: v0 is up with 10.9.0.5/24 and gateway 10.9.0.1")
}

// TestWaitIPv6 has no IPv4 at all. An address is not taken before it is known to be no duplicate.
func TestWaitIPv6(t *testing.T) {
	t.Parallel()
	w := start(t, order{})
	w.says("waiting for a link: v0 is down")
	w.ip("link set v0 up")
	w.ip("-6 address add 2001:db8::5/64 dev v0")
	w.ip("-6 route add default via 2001:db8::1 dev v0")
	begun := time.Now()
	tentative := false
	for line := w.line(); ; line = w.line() {
		tentative = tentative || strings.Contains(line, "2001:db8::5/64 (being checked for a duplicate)")
		if line == "found: v0 is up with 2001:db8::5/64 and gateway 2001:db8::1" {
			break
		}
	}
	if took := time.Since(begun); !tentative || took < 200*time.Millisecond {
		t.Errorf("took %s: an address that was tentative was used", took)
	}
}

func TestWaitDuplicate(t *testing.T) {
	t.Parallel()
	w := start(t, order{Timeout: 6 * time.Second})
	w.farIP("-6 address add 2001:db8::5/64 dev v1 nodad")
	w.ip("link set v0 up")
	time.Sleep(2 * time.Second) // the other end answers once its own link address is checked
	w.ip("-6 address add 2001:db8::5/64 dev v0")
	w.ip("-6 route add default via 2001:db8::1 dev v0")
	var last string
	for last = w.line(); strings.HasPrefix(last, "waiting "); last = w.line() {
	}
	if !strings.HasPrefix(last, "error: the network is not complete: still waiting for an address: v0 has only ") ||
		!strings.Contains(last, "2001:db8::5/64 (which another machine on the link has)") || !strings.HasSuffix(last, "deadline exceeded") {
		t.Errorf("it ends with %q", last)
	}
}

func TestWaitRouteToMetadata(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ address, route, want string }{
		"ipv4":             {"10.9.0.5/24", "169.254.169.254/32 dev v0", "found: v0 is up with 10.9.0.5/24"},
		"ipv6":             {"2001:db8::5/64 nodad", "fd00:ec2::254/128 via 2001:db8::1 dev v0", "found: v0 is up with 2001:db8::5/64 and gateway 2001:db8::1"},
		"a default is too": {"10.9.0.5/24", "default via 10.9.0.1", "found: v0 is up with 10.9.0.5/24 and gateway 10.9.0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, order{Need: Need{NoDefaultRoute: true}})
			w.ip("link set v0 up")
			address, flags, _ := strings.Cut(c.address, " ")
			w.ip("address add " + address + " dev v0 " + flags)
			w.says("waiting for a route to instance metadata: v0 is up with " + address)
			w.ip("route add 192.0.2.0/24 dev v0")
			w.ip("route add " + c.route)
			w.says(c.want)
		})
	}
}

// TestWaitIsNotContentWithMetadata: an interface often gets 169.254.0.0/16 before its default route.
func TestWaitIsNotContentWithMetadata(t *testing.T) {
	t.Parallel()
	w := start(t, order{})
	w.noIPv6()
	w.ip("link set v0 up")
	w.ip("address add 10.9.0.5/24 dev v0")
	w.ip("route add 169.254.0.0/16 dev v0")
	w.says("waiting for a default route: v0 is up with 10.9.0.5/24")
	w.ip("route add default dev v0")
	w.says("found: v0 is up with 10.9.0.5/24")
}

func TestWaitPicksTheInterfaceOfTheRoute(t *testing.T) {
	t.Parallel()
	w := start(t, order{})
	if err := w.ns.Connect(t.Context(), "d0", w.far, "d1"); err != nil {
		t.Fatal(err)
	}
	w.ip("address add 192.0.2.1/24 dev d0")
	w.says("waiting for a default route: d0 is up with 192.0.2.1/24")
	w.noIPv6()
	w.ip("link set v0 up")
	w.ip("address add 10.9.0.5/24 dev v0")
	w.ip("route add default via 10.9.0.1 metric 50")
	w.says("found: v0 is up with 10.9.0.5/24 and gateway 10.9.0.1")
}

// TestWaitTakesARouteOfSeveralWays has the default route lead over two gateways at once.
func TestWaitTakesARouteOfSeveralWays(t *testing.T) {
	t.Parallel()
	w := start(t, order{})
	w.noIPv6()
	w.ip("link set v0 up")
	w.ip("address add 10.9.0.5/24 dev v0")
	w.says("waiting for a default route: v0 is up with 10.9.0.5/24")
	w.ip("route add default nexthop via 10.9.0.1 weight 1 nexthop via 10.9.0.2 weight 2")
	w.says("found: v0 is up with 10.9.0.5/24 and gateway 10.9.0.1")
}

// TestWaitForSystemdResolved replaces the link as systemd-resolved and NetworkManager do, where not even the folder is there at
// first. Its stub is in resolv.conf whether or not it knows a server to ask.
func TestWaitForSystemdResolved(t *testing.T) {
	t.Parallel()
	w := start(t, order{Need: Need{Resolver: true}})
	w.noIPv6()
	w.ip("link set v0 up")
	w.ip("address add 10.9.0.5/24 dev v0")
	w.ip("route add default via 10.9.0.1")
	const there = "; v0 is up with 10.9.0.5/24 and gateway 10.9.0.1"
	w.says("waiting for a name server: there is no /etc/resolv.conf" + there)
	if err := os.Symlink("../run/systemd/resolve/stub-resolv.conf", w.file("/etc/resolv.conf.new")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(w.file("/etc/resolv.conf.new"), w.file("/etc/resolv.conf")); err != nil {
		t.Fatal(err)
	}
	w.write("/run/systemd/resolve/stub-resolv.conf", "nameserver 127.0.0.53\noptions edns0 trust-ad\n")
	w.says("waiting for a name server: /etc/resolv.conf names systemd-resolved, and there is no /run/systemd/resolve/resolv.conf" + there)
	w.write("/run/systemd/resolve/resolv.conf", "# No DNS servers known.\nsearch .\n")
	w.says("waiting for a name server: /etc/resolv.conf names systemd-resolved, and /run/systemd/resolve/resolv.conf names none" + there)
	w.write("/run/systemd/resolve/.#resolv.conf", "nameserver 10.9.0.2\n")
	if err := os.Rename(w.file("/run/systemd/resolve/.#resolv.conf"), w.file("/run/systemd/resolve/resolv.conf")); err != nil {
		t.Fatal(err)
	}
	w.says("found: v0 is up with 10.9.0.5/24 and gateway 10.9.0.1")
}

// TestWaitWithoutInotify has other programs use all of it.
func TestWaitWithoutInotify(t *testing.T) {
	t.Parallel()
	for _, limit := range []string{"max_inotify_instances", "max_inotify_watches"} {
		t.Run(limit, func(t *testing.T) {
			t.Parallel()
			w := start(t, order{Need: Need{Resolver: true}, Spent: limit})
			w.noIPv6()
			w.ip("link set v0 up")
			w.ip("address add 10.9.0.5/24 dev v0")
			w.ip("route add default via 10.9.0.1")
			w.says("waiting for a name server: there is no /etc/resolv.conf; v0 is up with 10.9.0.5/24 and gateway 10.9.0.1")
			w.write("/etc/resolv.conf", "nameserver 10.9.0.2\n")
			w.says("found: v0 is up with 10.9.0.5/24 and gateway 10.9.0.1")
		})
	}
}

// TestWaitSleeps: nothing is polled, so a wait costs no CPU time while nothing changes.
func TestWaitSleeps(t *testing.T) {
	t.Parallel()
	w := start(t, order{Timeout: 3 * time.Second})
	w.says("waiting for a link: v0 is down")
	if last := w.line(); last != "error: the network is not complete: still waiting for a link: v0 is down: context deadline exceeded" {
		t.Errorf("it ends with %q", last)
	}
	if err := w.cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if used := w.cmd.ProcessState.UserTime() + w.cmd.ProcessState.SystemTime(); used > 300*time.Millisecond {
		t.Errorf("used %s of CPU time in three seconds of waiting", used)
	}
}

// TestWaitThroughAStorm changes more than the kernel can tell or list in one piece.
func TestWaitThroughAStorm(t *testing.T) {
	t.Parallel()
	w := start(t, order{})
	w.noIPv6()
	w.ip("link set v0 up")
	w.says("waiting for an address: v0 has none")
	batch := filepath.Join(t.TempDir(), "batch")
	var lines strings.Builder
	for i := range 10000 {
		fmt.Fprintf(&lines, "route add 198.18.%d.%d/32 dev v0\n", i/256, i%256)
	}
	if err := os.WriteFile(batch, []byte(lines.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	w.ip("-batch " + batch)
	w.ip("address add 10.9.0.5/24 dev v0")
	w.ip("route add default via 10.9.0.1")
	w.says("found: v0 is up with 10.9.0.5/24 and gateway 10.9.0.1")
	if err := w.cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	t.Logf("used %s of CPU time", w.cmd.ProcessState.UserTime()+w.cmd.ProcessState.SystemTime())
}
