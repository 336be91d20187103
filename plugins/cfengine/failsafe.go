package cfengine

import (
	"bufio"
	"context"
	"errors"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/leaven-dev/leaven/internal/systemd"
)

// errNoPolicy says what a cf-serverd does that found no valid policy when it was started: it takes its built-in one, failsafe.cf, and
// stays with that when the policy is mended. It shows its key and refuses clients all files (core 3.21 to 3.27,
// libpromises/generic_agent.c, SelectAndLoadPolicy).
var errNoPolicy = errors.New("cf-serverd found no valid policy when it was started, and serves none; start " + umbrella + " anew")

// servesPolicy looks at what cf-serverd said when it was started. Asking it for a file would need the hub's own address to be in acl.
// A journal that tells nothing, or nothing within the time, is no evidence.
func servesPolicy(ctx context.Context, within time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	s, err := systemd.State(ctx, server)
	if err != nil || s.PID == 0 {
		return nil
	}
	cmd := exec.CommandContext(ctx, "journalctl", "--quiet", "--no-pager", "--boot", "--output=cat", "_SYSTEMD_UNIT="+server, "_PID="+strconv.Itoa(s.PID))
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil
	}
	defer func() {
		cancel()
		cmd.Wait() // an error: it was ended before it had told all
	}()
	for lines := bufio.NewScanner(out); lines.Scan(); {
		switch line := lines.Text(); {
		case strings.Contains(line, "going to failsafe"):
			return errNoPolicy
		case strings.Contains(line, "Server is starting"): // by then it has its policy
			return nil
		}
	}
	return nil
}
