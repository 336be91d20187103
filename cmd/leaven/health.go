package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/spf13/cobra"

	"github.com/leaven-dev/leaven/firstboot"
	"github.com/leaven-dev/leaven/firstboot/health"
	"github.com/leaven-dev/leaven/firstboot/leave"
	"github.com/leaven-dev/leaven/internal/journal"
	"github.com/leaven-dev/leaven/internal/systemd"
)

func newHealthCommand(p *program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "health",
		Short: "Tell load balancers over HTTP whether this instance can serve",
		Long: `Tell load balancers over HTTP whether this instance can serve.

Every GET is answered with 200 when first boot's required steps are done in this boot, the plugins'
probes pass and the instance is not leaving, else with 503 and the reason as JSON. The units
leaven-health.socket and leaven-health.service run it where the configuration says health.listen.`,
		Example: `  leaven health --once                 # exit 0: it can serve; 1: it cannot, and why
  leaven health --listen 127.0.0.1:8088`,
		Args: cobra.NoArgs,
	}
	listen := cmd.Flags().String("listen", "", "listen at `ADDRESS`, a port or an address and a port, without systemd's socket")
	once := cmd.Flags().Bool("once", false, "print how the instance is, and end")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if *once && *listen != "" {
			return errors.New("--once and --listen exclude one another")
		}
		root, err := openRoot("/", false)
		if err != nil {
			return failed(err)
		}
		defer root.Close()
		agent, err := newAgent(p, root)
		if err != nil {
			return failed(err)
		}
		checker := health.NewChecker(healthSource(p, agent, *once))
		if *once {
			answer := checker.Answer(cmd.Context())
			fmt.Fprintln(p.stdout, answer)
			if answer.Status != health.OK {
				return exitError{1, nil}
			}
			return nil
		}
		l, err := healthListener(cmd.Context(), *listen)
		if err != nil {
			return err
		}
		return failed(serveHealth(cmd.Context(), l, checker))
	}
	return cmd
}

// healthSource is what answers are made of on this system. A single answer is not logged.
func healthSource(p *program, agent *firstboot.Agent, once bool) health.Source {
	s := health.Source{
		Status:  func() (firstboot.Status, error) { return firstboot.ReadStatus(agent.Root, version) },
		Leaving: func() (bool, error) { return leave.Under(agent.Root) },
		Probes:  newProbes(agent).find,
		Log:     p.log,
	}
	if once {
		s.Log = func(journal.Entry) {}
	}
	return s
}

// probes are those of the configuration, which is read anew after each run of first boot.
type probes struct {
	settle  func(context.Context) (*firstboot.Settled, error)
	settled *firstboot.Settled
	of      string // the run of first boot that it is from
}

func newProbes(agent *firstboot.Agent) *probes { return &probes{settle: agent.Settled} }

func (p *probes) find(ctx context.Context, status firstboot.Status) ([]firstboot.Probe, time.Duration, error) {
	var of strings.Builder
	for _, stage := range status.Stages {
		fmt.Fprintln(&of, stage.Boot, stage.Stage, stage.Started)
	}
	if p.settled == nil || p.of != of.String() {
		settled, err := p.settle(ctx)
		if err != nil {
			return nil, 0, err
		}
		p.settled, p.of = settled, of.String()
	}
	return p.settled.Probes(), p.settled.Env().Config.Health.Fresh, nil
}

// healthListener is the socket that systemd passed, or one at the address that was given.
func healthListener(ctx context.Context, address string) (net.Listener, error) {
	if address != "" {
		if !strings.Contains(address, ":") {
			address = ":" + address
		}
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
		return l, failed(err)
	}
	passed, err := activation.Listeners() // takes the variables out of the environment
	if err != nil {
		return nil, failed(fmt.Errorf("cannot use the socket that systemd passed: %w", err))
	}
	if len(passed) != 1 || passed[0] == nil {
		return nil, errors.New("say where to listen: --listen ADDRESS; as a service this needs one socket, from leaven-health.socket")
	}
	return passed[0], nil
}

// serveHealth serves until ctx ends. The watchdog hears of it only as long as it answers.
func serveHealth(ctx context.Context, l net.Listener, checker *health.Checker) error {
	every, err := systemd.Watchdog()
	if err != nil {
		return err
	}
	if err := systemd.Ready(); err != nil {
		return err
	}
	if every > 0 {
		go watchdog(ctx, every/3, func(ctx context.Context) error { return health.Ping(ctx, l.Addr()) })
	}
	return health.Serve(ctx, l, checker)
}

// watchdog tells systemd every so often that a service works, if it does.
func watchdog(ctx context.Context, every time.Duration, works func(context.Context) error) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		try, cancel := context.WithTimeout(ctx, every)
		err := works(try)
		cancel()
		if err == nil {
			err = systemd.Alive()
		}
		if err != nil && ctx.Err() == nil {
			// The journal has it when the watchdog ends the service.
			_ = systemd.Status(err.Error())
		}
	}
}
