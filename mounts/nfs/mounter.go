package nfs

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"
)

// Mounter mounts shares. New makes one for this system; the functions are fields so that each can be another one in tests. It is
// for use by several goroutines: they wait for their servers side by side, and mount one after another, since TLS mounts that start
// together race (efs-utils issues 112 and 125).
type Mounter struct {
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)
	// Probe asks whether an NFS server serves at an address; for a tunnel, whether it accepts connections.
	Probe   func(ctx context.Context, address string, tunnel bool) error
	Mount   func(ctx context.Context, args ...string) error // mount(8)
	Mounted func() ([]Mounted, error)                       // lowest first
	Load    func()                                          // makes the kernel ready for the first mount; nil where it need not be
	// Targets asks AWS for the mount targets of a file system; nil where nobody can be asked.
	Targets func(ctx context.Context, fileSystem, region string) ([]Target, error)
	Zone    string       // the instance's own, or ""
	Tell    func(string) // is told what is being waited for, and what people should know
	turn    chan struct{}
}

// Target is an address of an EFS file system.
type Target struct {
	Zone    string // its name, such as eu-central-1a
	Address netip.Addr
}

const (
	// oneTry bounds one look-up or one probe. A server that comes back is thus found within 1.3 s: TCP would ask a silent one
	// again only after a second, and then after two.
	oneTry = time.Second
	// longLookup bounds each fourth look-up: a resolver that has to ask others first must not be cut off for ever.
	longLookup = 4 * time.Second
	// pauseReach is how long to wait before the server is looked for again, and pauseMount before mount(8) is tried again; half as
	// long again at random, since instances start together.
	pauseReach, pauseMount = 200 * time.Millisecond, 500 * time.Millisecond
	// namePatience is how long a name is waited for before others are asked for the address.
	namePatience = 15 * time.Second
	// mutePatience is how long a server may accept connections and not answer before mount(8) is to find out what is wrong.
	mutePatience = time.Minute
	// mountTry bounds one call of mount(8), which a server that accepts connections and says nothing would make last for ever.
	mountTry = 30 * time.Second
	// refusals is how often a server may refuse: what it exports and to whom changes seconds after it is up, but not in minutes.
	refusals = 4
)

// Bring mounts a share at a folder that is there, and returns how: the address where the name did not serve. What is mounted
// there already is left alone where it is the share, and else an error. It goes on until ctx ends.
func (m *Mounter) Bring(ctx context.Context, s Share, point string) (address netip.Addr, err error) {
	refused, said := 0, ""
	for {
		there, err := m.Look(ctx, s, point, address)
		if there || err != nil {
			return address, err
		}
		at, byName, err := m.reach(ctx, s)
		if err != nil {
			return address, err
		}
		address = netip.Addr{}
		if !byName {
			address = at
		}
		err = m.mount(ctx, s, point, address, at)
		if err == nil {
			return address, nil
		}
		var final *refusal
		if errors.As(err, &final) {
			if refused++; final.never || refused == refusals {
				return address, err
			}
		}
		if text := err.Error(); gist(text) != said {
			m.tell("%s; trying again", text)
			said = gist(text)
		}
		if !pause(ctx, pauseMount) {
			return address, fmt.Errorf("%w (gave up: %w)", err, context.Cause(ctx))
		}
	}
}

// mount runs mount(8) when it is its turn, and looks whether it did what it says. Address is used instead of the name, where it is
// valid; server is the one that answered.
func (m *Mounter) mount(ctx context.Context, s Share, point string, address, server netip.Addr) error {
	select {
	case m.turn <- struct{}{}:
		defer func() { <-m.turn }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if there, err := m.Look(ctx, s, point, server); there || err != nil {
		return err // systemd was quicker
	}
	trying, cancel := context.WithTimeoutCause(ctx, mountTry, fmt.Errorf("no answer within %v", mountTry))
	defer cancel()
	failed := m.Mount(trying, s.arguments(point, address)...)
	there, err := m.Look(ctx, s, point, server)
	switch {
	case err != nil:
		return err
	case there:
		return nil // also where systemd was quicker after all
	case failed == nil:
		return fmt.Errorf("cannot mount %s at %s: mount says that it did, but /proc/self/mountinfo does not have it", s.Source, point)
	}
	return classify(fmt.Errorf("cannot mount %s at %s: %w", s.Source, point, failed))
}

func (m *Mounter) tell(format string, args ...any) {
	if m.Tell != nil {
		m.Tell(fmt.Sprintf(format, args...))
	}
}

// pause waits, not as long on every instance; false when ctx ended.
func pause(ctx context.Context, least time.Duration) bool {
	select {
	case <-time.After(least + rand.N(least/2)):
		return true
	case <-ctx.Done():
		return false
	}
}
