package cfengine

import (
	"context"
	"fmt"
	"net"

	"github.com/leaven-dev/leaven/firstboot"
)

// looks is how often the balancer is asked: it gives each connection to another hub.
const looks = 3

// balancerStep looks through the balancer at whatever hub answers. Nobody answering proves nothing: this hub may be the only one,
// and not be in the balancer yet; and a network load balancer that keeps client addresses drops a connection that would come back
// to its sender. Another key is an alarm.
func (h *host) balancerStep() firstboot.Step {
	s := h.step("balancer", "the hubs behind "+h.Balancer, quickly,
		func(ctx context.Context) (firstboot.Verdict, error) {
			r, err := loadRecord(h.Root, h.Instance.ID)
			if err != nil {
				return firstboot.Verdict{}, err
			}
			seen := 0
			for range looks {
				key, err := served(ctx, net.JoinHostPort(h.Balancer, port))
				if err != nil {
					continue
				}
				seen++
				if is := digestOf(r.Digest, key); is != r.Digest {
					return firstboot.Verdict{}, foreign(h.Balancer, is, r.Digest)
				}
			}
			if seen == 0 {
				return firstboot.Verdict{OK: true, Text: "nobody answers through it, as long as this hub is the only one in it"}, nil
			}
			return firstboot.Verdict{OK: true, Text: fmt.Sprintf("%s in %d of %d connections", r.Digest, seen, looks)}, nil
		}, nil)
	s.Policy = firstboot.Degrade
	return s
}
