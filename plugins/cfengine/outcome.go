package cfengine

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// outcome is what cf-agent says of a bootstrap. Its exit status is 0 for much that went wrong.
type outcome struct {
	role       string // hub, client, or "" where it does not say
	completed  bool
	unreached  bool   // "No suitable server found", which is also said when trust failed
	early      bool   // cf-agent looked for cf-execd before systemd had started it
	unresolved bool   // the name of the hub does not resolve
	untrusted  digest // of the key that a server showed and that is not trusted
}

var untrustedKey = regexp.MustCompile(`TRUST FAILED, server presented untrusted key: ((?:MD5|SHA)=[0-9a-f]+)`)

// sentences are cf-agent's, as of core 3.21 and 3.24.
var sentences = []struct {
	text string
	set  func(*outcome)
}{
	{"This host assumes the role of policy server", func(o *outcome) { o.role = hub }},
	{"This autonomous node assumes the role of voluntary client", func(o *outcome) { o.role = client }},
	{"completed successfully!", func(o *outcome) { o.completed = true }},
	{"No suitable server found", func(o *outcome) { o.unreached = true }},
	{"Bootstrapping failed, cf-execd is not running", func(o *outcome) { o.early = true }},
	{"Could not resolve hostname", func(o *outcome) { o.unresolved = true }},
}

func readOutcome(out string) outcome {
	var o outcome
	for _, s := range sentences {
		if strings.Contains(out, s.text) {
			s.set(&o)
		}
	}
	if m := untrustedKey.FindStringSubmatch(out); m != nil {
		o.untrusted = digest(m[1])
	}
	return o
}

// What trying again may help.
var (
	errUnreached = errors.New("no hub answers")
	// errEarly is a race that cf-agent loses now and then: it has systemd restart cfengine3.service, which only wants the daemons,
	// looks for cf-execd at once, and takes the bootstrap back.
	errEarly = errors.New("cf-agent found cf-execd not running yet")
)

// judge tells whether a host became what it was to become.
func (o outcome) judge(role string, exit error) error {
	switch {
	case o.untrusted != "":
		return fmt.Errorf("cf-agent does not trust the key %s that the hub shows", o.untrusted)
	case o.unresolved:
		return fmt.Errorf("%w: its name does not resolve", errUnreached)
	case o.unreached:
		return fmt.Errorf("%w, says cf-agent", errUnreached)
	case o.early:
		return errEarly
	case exit != nil:
		return exit
	case !o.completed:
		return errors.New("cf-agent exits 0 and does not say that the bootstrap is complete")
	case o.role != role:
		return fmt.Errorf("cf-agent made this host a %s, not a %s", o.role, role)
	}
	return nil
}
