package config

import (
	"strconv"
	"strings"
	"time"

	"github.com/leaven-dev/leaven/internal/schema"
)

// Signal says who is told how first boot ended. What is not named is not told.
type Signal struct {
	LifecycleHook string         `key:"lifecycle_hook" doc:"the Auto Scaling launch hook that is completed"`
	Group         string         `key:"auto_scaling_group" doc:"its group; without it, the one that the instance is in"`
	OnFailure     string         `key:"on_failure" doc:"what the hook is told of a failed instance; nothing leaves it to the hook's own time-out" oneof:"abandon,continue,nothing" default:"abandon"`
	OnDegraded    string         `key:"on_degraded" doc:"what the hook is told of a degraded instance" oneof:"continue,abandon,nothing" default:"continue"`
	Tag           string         `key:"tag" doc:"a tag of the instance that is set to ok, degraded or failed" pattern:"[A-Za-z0-9 _.:/=+@-]{1,128}"`
	Command       schema.Command `key:"command" doc:"gets what leaven status --output json prints on standard input; run again while it fails"`
	Deadline      time.Duration  `key:"deadline" doc:"how long each of them is tried" is:"positive" default:"2m"`
}

// Health is an HTTP endpoint that answers 200 as long as the instance can serve, and 503 else.
type Health struct {
	Listen string        `key:"listen" doc:"where it listens: a port, or an address and a port; without it there is none" pattern:"([0-9.]+:|\\[[0-9a-fA-F:]+\\]:)?[0-9]{1,5}"`
	Fresh  time.Duration `key:"fresh" doc:"how long an answer of the probes is good" default:"5s"`
}

// Check looks at the port.
func (h *Health) Check(fail func(key, format string, args ...any)) {
	if port := h.Listen[strings.LastIndexByte(h.Listen, ':')+1:]; port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			fail("listen", "%s is no port: want 1 to 65535", port)
		}
	}
}

// Leave is what happens when EC2 takes the instance away. Without anything in on, nobody watches for that.
type Leave struct {
	On            []string       `key:"on" doc:"what to watch for: spot (the two minutes' notice), rebalance (advice that comes before it), termination (by Auto Scaling)" oneof:"spot,rebalance,termination"`
	LifecycleHook string         `key:"lifecycle_hook" doc:"the Auto Scaling termination hook that is completed at the end"`
	Drain         time.Duration  `key:"drain" doc:"how long the health endpoint answers 503 before anything stops, so that balancers notice" default:"30s"`
	Command       schema.Command `key:"command" doc:"run after that, before the plugins' leave steps"`
	Deadline      time.Duration  `key:"deadline" doc:"how long all of it may take; a spot instance has two minutes" default:"100s"`
}

// Check compares what depends on one another.
func (l *Leave) Check(fail func(key, format string, args ...any)) {
	if l.Drain >= l.Deadline {
		fail("drain", "draining takes all of the time that leaving has: %v of %v", l.Drain, l.Deadline)
	}
	if len(l.On) == 0 && (l.LifecycleHook != "" || l.Command.Given()) {
		fail("", "nothing to watch for: say on: [spot, rebalance, termination]")
	}
}
