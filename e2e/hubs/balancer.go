package hubs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/leaven-dev/leaven/e2e/cache"
	"github.com/leaven-dev/leaven/e2e/console"
	"github.com/leaven-dev/leaven/e2e/machine"
	"github.com/leaven-dev/leaven/e2e/netns"
)

// room is how many targets the balancer has room for at a time.
const room = 8

// balancing is haproxy as a network load balancer: it passes TCP on and knows nothing of what goes through, keeps the clients'
// addresses, does not try another target for a connection that gets no answer (10 s is how long cf-agent waits for one), sends new connections to healthy targets, or to all
// when none is, and ends the connections of a target that becomes unhealthy. Health is leaven's endpoint, which the hubs' user data
// asks for. It keeps an answer for 5 s, and one that is wrong on a busy machine must not do: hence 6 s between the first check and
// the last; but who is gone is out before cf-agent has waited for 10 s.
const balancing = `
global
  stats socket %[1]s level admin
  log stdout format raw local0
defaults
  mode tcp
  log global
  log-format "%%ci %%Ts.%%ms %%si"
  timeout connect 10s
  retries 0
  timeout client 350s
  timeout server 350s
  timeout check 6s
  no option redispatch
  balance roundrobin
frontend cfengine
  bind %[2]s:5308
  use_backend all if { nbsrv(healthy) eq 0 }
  default_backend healthy
backend healthy
  source 0.0.0.0 usesrc clientip
  option httpchk GET /
  http-check expect status 200
  default-server check port 8088 inter 2s downinter 500ms fall 4 rise 2 on-marked-down shutdown-sessions
  server-template hub 1-%[3]d 0.0.0.0:5308 disabled
backend all
  source 0.0.0.0 usesrc clientip
  server-template hub 1-%[3]d 0.0.0.0:5308 disabled
`

// Targets is a balancer's target group.
type Targets struct {
	vpc    *VPC
	socket string
	log    *console.Log

	mu     sync.Mutex
	places [room]*Machine
}

// Balance starts the balancer, without targets. It ends with the VPC.
func (v *VPC) Balance(ctx context.Context) (*Targets, error) {
	if err := machine.Need("haproxy"); err != nil {
		return nil, err
	}
	s, err := cache.NewScratch()
	if err != nil {
		return nil, err
	}
	v.atEnd(s.Close)
	t := &Targets{vpc: v, socket: filepath.Join(s.Path, "haproxy.sock")}
	config := filepath.Join(s.Path, "haproxy.cfg")
	if err := os.WriteFile(config, fmt.Appendf(nil, balancing, t.socket, Balancer, room), 0o644); err != nil {
		return nil, err
	}
	if t.log, err = console.Create(filepath.Join(v.Logs, "haproxy.log")); err != nil {
		return nil, err
	}
	// What hubs answer to clients comes back this way, and is haproxy's.
	if _, err := v.router.Run(ctx, "ip", "route", "add", "local", "default", "dev", "lo", "table", "100"); err != nil {
		return nil, err
	}
	cmd := netns.Command(context.WithoutCancel(ctx), v.router.Path(), "haproxy", "-db", "-f", config)
	cmd.Stdout, cmd.Stderr = t.log, t.log
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("cannot start haproxy: %w", err)
	}
	v.atEnd(func() error {
		cmd.Process.Kill()
		cmd.Wait() // always an error: killed
		return t.log.Close()
	})
	return t, t.listening(ctx)
}

func (t *Targets) listening(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		_, err := t.ask("show info")
		if err == nil {
			return nil
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("haproxy does not start: %w: %s", err, t.log.Tail(10))
		}
	}
}

// ask sends commands to haproxy's socket and returns what it answers.
func (t *Targets) ask(commands string) (string, error) {
	conn, err := net.Dial("unix", t.socket)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, commands+"\n"); err != nil {
		return "", err
	}
	answer, err := io.ReadAll(conn)
	return strings.TrimSpace(string(answer)), err
}

// set is ask for commands that say nothing when they are carried out.
func (t *Targets) set(commands ...string) error {
	for _, c := range commands {
		if answer, err := t.ask(c); err != nil || answer != "" && !strings.Contains(answer, "changed") && !strings.Contains(answer, "no need to change") {
			return errors.Join(fmt.Errorf("haproxy: %s: %s", c, answer), err)
		}
	}
	return nil
}

// places begin the commands about a target.
func places(i int) (checked, unchecked string) {
	return "set server healthy/hub" + strconv.Itoa(i+1), "set server all/hub" + strconv.Itoa(i+1)
}

// Register makes a machine a target. It gets connections when it is healthy.
func (t *Targets) Register(ctx context.Context, m *Machine) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, taken := range t.places {
		if taken != nil {
			continue
		}
		if _, err := t.vpc.router.Run(ctx, append([]string{"ip", "rule", "add"}, m.returning()...)...); err != nil {
			return err
		}
		t.places[i] = m
		checked, unchecked := places(i)
		// haproxy takes who comes out of maintenance for healthy until a check fails; a target group does not.
		return t.set(checked+" addr "+m.Address, unchecked+" addr "+m.Address, checked+" state ready; "+checked+" health down", unchecked+" state ready")
	}
	return errors.New("the balancer has no place for another target")
}

// Deregister takes a machine out: it gets no new connections, and those that it has go on.
func (t *Targets) Deregister(ctx context.Context, m *Machine) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, taken := range t.places {
		if taken == m {
			t.places[i] = nil
			checked, unchecked := places(i)
			return t.set(checked+" state drain", unchecked+" state drain")
		}
	}
	return fmt.Errorf("%s is no target", m.ID)
}

// returning is the rule for packets that a target sends back to clients.
func (m *Machine) returning() []string {
	return []string{"iif", m.port, "ipproto", "tcp", "sport", "5308", "lookup", "100"}
}

// Await waits until the balancer finds a target healthy, or not.
func (t *Targets) Await(ctx context.Context, m *Machine, healthy bool) error {
	for {
		is, err := t.healthy(m)
		if err == nil && is == healthy {
			return nil
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("the balancer does not find %s healthy: %t: %w", m.ID, healthy, ctx.Err()), err)
		}
	}
}

// healthy asks haproxy (management guide, "show stat").
func (t *Targets) healthy(m *Machine) (bool, error) {
	text, err := t.ask("show stat")
	if err != nil {
		return false, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, target := range t.places {
		if target != m {
			continue
		}
		const status = 17
		for line := range strings.Lines(text) {
			if f := strings.Split(line, ","); len(f) > status && f[0] == "healthy" && f[1] == "hub"+strconv.Itoa(i+1) {
				return strings.HasPrefix(f[status], "UP"), nil
			}
		}
	}
	return false, fmt.Errorf("haproxy tells nothing of %s", m.ID)
}

// Connection is one that went through the balancer.
type Connection struct {
	Client string // its address
	Began  time.Time
	Target string // its address; "" when there was no healthy one
}

var logged = regexp.MustCompile(`(?m)^([0-9.]+) (\d+)\.(\d+) (\S+)$`)

// Connections are all that have ended.
func (t *Targets) Connections() []Connection {
	var list []Connection
	for _, m := range logged.FindAllStringSubmatch(t.log.Text(), -1) {
		seconds, errSeconds := strconv.ParseInt(m[2], 10, 64)
		ms, errMS := strconv.ParseInt(m[3], 10, 64)
		if errors.Join(errSeconds, errMS) == nil {
			list = append(list, Connection{Client: m[1], Began: time.Unix(seconds, ms*int64(time.Millisecond)), Target: strings.Trim(m[4], "-")})
		}
	}
	return list
}

// Answered are the addresses of the targets that a run of a client was connected to, in order.
func Answered(all []Connection, client *Machine, r Run) []string {
	var targets []string
	for _, c := range all {
		// haproxy cuts off parts of a millisecond.
		if c.Client == client.Address && c.Target != "" && !c.Began.Before(r.Began.Truncate(time.Millisecond)) && c.Began.Before(r.Began.Add(r.Took)) {
			targets = append(targets, c.Target)
		}
	}
	return targets
}
