package nfs

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var (
	own     = netip.MustParseAddr("10.0.1.5")
	distant = netip.MustParseAddr("10.0.2.5")
)

// world is a server, a resolver and a kernel. The real ones are in e2e; here is what cannot be brought about there.
type world struct {
	mu       sync.Mutex
	names    map[string][]netip.Addr
	dead     map[netip.Addr]bool
	mounted  []Mounted
	commands [][]string
	told     []string
	mount    func(args []string) error // before it is mounted
	targets  []Target
	denied   error
	running  int
}

func (w *world) mounter() *Mounter {
	return &Mounter{
		Resolve: func(ctx context.Context, host string) ([]netip.Addr, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			if list, ok := w.names[host]; ok {
				return list, nil
			}
			return nil, errors.New("no such host")
		},
		Probe: func(ctx context.Context, address string, _ bool) error {
			host, port, err := net.SplitHostPort(address)
			if err != nil || port != "2049" {
				return errors.New("wrong port")
			}
			if w.dead[netip.MustParseAddr(host)] {
				<-ctx.Done() // as where a security group drops packets
				return ctx.Err()
			}
			return nil
		},
		Mount: func(ctx context.Context, args ...string) error {
			w.mu.Lock()
			if w.running++; w.running > 1 {
				w.told = append(w.told, "two at once")
			}
			w.commands = append(w.commands, args)
			w.mu.Unlock()
			time.Sleep(time.Second)
			w.mu.Lock()
			defer w.mu.Unlock()
			w.running--
			if w.mount != nil {
				if err := w.mount(args); err != nil {
					return err
				}
			}
			w.mounted = append(w.mounted, Mounted{Point: args[len(args)-1], Type: "nfs4", Source: args[len(args)-2]})
			return nil
		},
		Mounted: func() ([]Mounted, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			return slices.Clone(w.mounted), nil
		},
		Targets: func(context.Context, string, string) ([]Target, error) { return w.targets, w.denied },
		Zone:    "eu-central-1a",
		Tell: func(text string) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.told = append(w.told, text)
		},
		turn: make(chan struct{}, 1),
	}
}

func share(t *testing.T, w Wish) Share {
	t.Helper()
	s, err := w.Share(true)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// bring mounts with a minute's patience, in time that does not pass.
func (w *world) bring(t *testing.T, s Share, check func(address netip.Addr, err error, took time.Duration)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		begun := time.Now()
		address, err := w.mounter().Bring(ctx, s, "/srv/x")
		check(address, err, time.Since(begun))
	})
}

var hub = Wish{FileSystem: "fs-01234567", Region: "eu-central-1"}

func TestFallsBackToMountTargets(t *testing.T) {
	w := &world{targets: []Target{{"eu-central-1b", distant}, {"eu-central-1a", own}}}
	w.bring(t, share(t, hub), func(a netip.Addr, err error, took time.Duration) {
		if err != nil || a != own || took < 10*time.Second || took > 20*time.Second || w.mounted[0].Source != "10.0.1.5:/" {
			t.Errorf("%v, %v after %v: %v", a, err, took, w.mounted)
		}
	})
	w = &world{targets: []Target{{"eu-central-1b", distant}}}
	w.bring(t, share(t, hub), func(a netip.Addr, err error, _ time.Duration) {
		if err != nil || a != distant || !strings.Contains(strings.Join(w.told, "\n"), "warning: fs-01234567 has no mount target in the own zone, eu-central-1a") {
			t.Errorf("%v, %v: %q", a, err, w.told)
		}
	})
	// Another zone was asked for, so no other will do.
	zonal := hub
	zonal.Zone = "eu-central-1c"
	w = &world{targets: []Target{{"eu-central-1b", distant}}}
	w.bring(t, share(t, zonal), func(_ netip.Addr, err error, _ time.Duration) {
		if err == nil || !strings.Contains(err.Error(), "no mount target that could be used") {
			t.Errorf("%v", err)
		}
	})
	w = &world{denied: errors.New("not authorized")}
	w.bring(t, share(t, hub), func(_ netip.Addr, err error, took time.Duration) {
		if err == nil || !strings.Contains(err.Error(), "no such host") || !strings.Contains(err.Error(), "not authorized") || took < time.Minute {
			t.Errorf("after %v: %v", took, err)
		}
	})
}

func TestSilentServer(t *testing.T) {
	s := share(t, hub)
	w := &world{names: map[string][]netip.Addr{s.Host: {own, distant}}, dead: map[netip.Addr]bool{own: true, distant: true}}
	w.bring(t, s, func(_ netip.Addr, err error, took time.Duration) {
		if err == nil || !strings.Contains(err.Error(), "cannot reach the server of") || !strings.Contains(err.Error(), "gave up after 1m") || len(w.commands) > 0 {
			t.Errorf("after %v: %v", took, err)
		}
	})
	w.dead[distant] = false
	w.bring(t, s, func(a netip.Addr, err error, took time.Duration) {
		if err != nil || a.IsValid() || took > 4*time.Second || w.mounted[0].Source != s.Source {
			t.Errorf("after %v: %v, %v", took, a, err)
		}
	})
}

// TestServerComesBack wants a server that comes back to be found at once, whenever that is: one whose packets nobody answered, one
// that refused, one that accepted connections and did not answer. Nothing is mounted before.
func TestServerComesBack(t *testing.T) {
	s := share(t, hub)
	for name, probe := range map[string]func(context.Context) error{
		"silent":  func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
		"refuses": func(context.Context) error { return errors.New("connection refused") },
		"mute":    func(ctx context.Context) error { <-ctx.Done(); return errMute },
	} {
		for after := 2 * time.Second; after < 5*time.Second; after += 77 * time.Millisecond {
			synctest.Test(t, func(t *testing.T) {
				w := &world{names: map[string][]netip.Addr{s.Host: {own}}}
				m, back, loaded := w.mounter(), time.Now().Add(after), 0
				m.Load = func() { loaded++ }
				m.Probe = func(ctx context.Context, _ string, _ bool) error {
					if time.Now().Before(back) {
						return probe(ctx)
					}
					return nil
				}
				_, err := m.Bring(t.Context(), s, "/srv/x")
				if took := time.Since(back); err != nil || took > time.Second+oneTry+pauseReach*3/2 { // mounting takes a second
					t.Errorf("%s, back after %v: used %v later, %v", name, after, took, err)
				}
				if loaded != 1 || len(w.commands) != 1 {
					t.Errorf("%s: the kernel is made ready %d times, and mount(8) called %d times", name, loaded, len(w.commands))
				}
			})
		}
	}
}

// What is wrong is told once, also where its text has another port each time.
func TestTellsOnce(t *testing.T) {
	s := share(t, hub)
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		m, port := w.mounter(), 40000
		m.Resolve = func(context.Context, string) ([]netip.Addr, error) {
			port++
			return nil, fmt.Errorf("read udp 10.0.0.1:%d->10.0.0.2:53: connection refused", port)
		}
		m.Targets = nil
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := m.Bring(ctx, s, "/srv/x"); err == nil || len(w.told) != 1 {
			t.Errorf("%v; told %q", err, w.told)
		}
	})
}

// A server that never answers is left to mount(8), which may know why.
func TestMuteServer(t *testing.T) {
	s := share(t, hub)
	synctest.Test(t, func(t *testing.T) {
		w := &world{names: map[string][]netip.Addr{s.Host: {own}}}
		m, begun := w.mounter(), time.Now()
		m.Probe = func(ctx context.Context, _ string, _ bool) error { <-ctx.Done(); return errMute }
		if _, err := m.Bring(t.Context(), s, "/srv/x"); err != nil || time.Since(begun) < mutePatience || time.Since(begun) > mutePatience+3*time.Second {
			t.Errorf("after %v: %v", time.Since(begun), err)
		}
	})
}

// mount.efs ends with 0 and has not mounted (efs-utils, with network.target inactive): trying goes on.
func TestBelievesMountinfoOnly(t *testing.T) {
	s := share(t, hub)
	w := &world{names: map[string][]netip.Addr{s.Host: {own}}}
	m := w.mounter()
	m.Mount = func(context.Context, ...string) error { return nil }
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if _, err := m.Bring(ctx, s, "/srv/x"); err == nil || !strings.Contains(err.Error(), "/proc/self/mountinfo does not have it") {
		t.Errorf("%v", err)
	}
}

func TestRefusals(t *testing.T) {
	for said, tries := range map[string]int{
		"mount.nfs4: mounting x failed, reason given by server: No such file or directory": refusals,
		"mount.nfs4: access denied by server while mounting x":                             refusals,
		"mount: unknown filesystem type 'nfs4'.":                                           1,
		"mount.nfs4: No such device":                                                       1,
		"mount.nfs4: Connection timed out":                                                 8,
	} {
		s := share(t, hub)
		w := &world{names: map[string][]netip.Addr{s.Host: {own}}, mount: func([]string) error { return errors.New(said) }}
		w.bring(t, s, func(_ netip.Addr, err error, _ time.Duration) {
			if err == nil || !strings.Contains(err.Error(), said) || tries < 8 && len(w.commands) != tries || len(w.commands) < tries {
				t.Errorf("%s: %d tries, want %d: %v", said, len(w.commands), tries, err)
			}
		})
	}
}

// systemd mounts in the same moment: mount(8) fails, and all is well.
func TestSystemdWasQuicker(t *testing.T) {
	s := share(t, hub)
	w := &world{names: map[string][]netip.Addr{s.Host: {own}}}
	w.mount = func(args []string) error {
		w.mounted = append(w.mounted, Mounted{Point: "/srv/x", Type: "nfs4", Source: s.Source})
		return errors.New("mount.nfs4: mount point busy or already mounted")
	}
	w.bring(t, s, func(_ netip.Addr, err error, _ time.Duration) {
		if err != nil || len(w.commands) != 1 {
			t.Errorf("%v, %v", err, w.commands)
		}
	})
}

func TestOneAfterAnother(t *testing.T) {
	s := share(t, hub)
	w := &world{names: map[string][]netip.Addr{s.Host: {own}}}
	m := w.mounter()
	var wait sync.WaitGroup
	for _, point := range []string{"/a", "/b", "/c"} {
		wait.Go(func() {
			if _, err := m.Bring(t.Context(), s, point); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if slices.Contains(w.told, "two at once") || len(w.mounted) != 3 {
		t.Errorf("%q, %v", w.told, w.mounted)
	}
}

func TestLook(t *testing.T) {
	plain := share(t, hub)
	sealed := hub
	sealed.TLS = true
	tunnel := share(t, sealed)
	for _, c := range []struct {
		s       Share
		mounted Mounted
		address netip.Addr
		ok      bool
	}{
		{plain, Mounted{Type: "nfs4", Source: plain.Host + ":/"}, netip.Addr{}, true},
		{plain, Mounted{Type: "nfs4", Source: plain.Host + ":/other"}, netip.Addr{}, false},
		{plain, Mounted{Type: "ext4", Source: plain.Host + ":/"}, netip.Addr{}, false},
		{plain, Mounted{Type: "nfs4", Source: "10.0.1.5:/"}, own, true},
		{plain, Mounted{Type: "nfs4", Source: "10.0.1.5:/"}, netip.Addr{}, false},
		{plain, Mounted{Type: "nfs4", Source: "127.0.0.1:/"}, netip.Addr{}, false},
		{tunnel, Mounted{Type: "nfs4", Source: "127.0.0.1:/"}, netip.Addr{}, true},
		{plain, Mounted{Type: "nfs4", Source: "other.name:/", Server: own}, netip.Addr{}, true}, // the same file system by another name
		{plain, Mounted{Type: "nfs4", Source: "other.name:/", Server: distant}, netip.Addr{}, false},
		{plain, Mounted{Type: "nfs4", Source: "other.name:/", Server: distant}, distant, true},
		{plain, Mounted{Type: "nfs4", Source: "other.name:/x", Server: own}, own, false},
		{plain, Mounted{Type: "autofs", Source: "systemd-1"}, netip.Addr{}, false},
	} {
		c.mounted.Point = "/srv/x"
		w := &world{
			mounted: []Mounted{{Point: "/srv/x", Type: "nfs4", Source: "below:/"}, c.mounted},
			names:   map[string][]netip.Addr{plain.Host: {own}},
		}
		ok, err := w.mounter().Look(t.Context(), c.s, "/srv/x", c.address)
		if ok != c.ok || ok == (err != nil) {
			t.Errorf("%s: %v, %v", c.mounted.Source, ok, err)
		}
	}
}

// A name that takes longer than most tries is found by one of the long ones, also while AWS does not answer.
func TestSlowLookup(t *testing.T) {
	s := share(t, hub)
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		m, begun := w.mounter(), time.Now()
		m.Resolve = func(ctx context.Context, _ string) ([]netip.Addr, error) {
			slow := 3 * time.Second
			if time.Since(begun) < 40*time.Second {
				slow = time.Hour
			}
			select {
			case <-time.After(slow):
				return []netip.Addr{own}, nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		asked := 0
		m.Targets = func(ctx context.Context, _, _ string) ([]Target, error) {
			asked++
			<-ctx.Done()
			return nil, ctx.Err()
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := m.Bring(ctx, s, "/srv/x"); err != nil || asked < 2 || asked > 4 {
			t.Errorf("after %v, AWS asked %d times: %v", time.Since(begun), asked, err)
		}
	})
}

// What was wrong is said at the end, not that the last look-up was cut off.
func TestSaysWhatWasWrong(t *testing.T) {
	s := share(t, hub)
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		m := w.mounter()
		m.Resolve = func(ctx context.Context, _ string) ([]netip.Addr, error) {
			select {
			case <-time.After(700 * time.Millisecond):
				return []netip.Addr{own}, nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		m.Probe = func(context.Context, string, bool) error { return errors.New("connection refused") }
		for limit := 5 * time.Second; limit < 7*time.Second; limit += 100 * time.Millisecond {
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			_, err := m.Bring(ctx, s, "/srv/x")
			cancel()
			if err == nil || !strings.Contains(err.Error(), "connection refused") {
				t.Errorf("after %v: %v", limit, err)
			}
		}
	})
}
