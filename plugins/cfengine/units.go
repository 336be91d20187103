package cfengine

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"github.com/leaven-dev/leaven/firstboot"
	"github.com/leaven-dev/leaven/internal/systemd"
)

const (
	server   = "cf-serverd.service" // serves the policy
	executor = "cf-execd.service"   // runs cf-agent, every five minutes
)

// daemons are CFEngine's, by their units. All of them use the key.
func daemons() []string { return []string{server, executor, "cf-monitord.service"} }

// umbrella is the unit that starts and stops them, in Debian's packages and in upstream's.
const umbrella = "cfengine3.service"

func dropIn(unit string) string { return "/etc/systemd/system/" + unit + ".d/leaven-share.conf" }

// mounted is the drop-in that keeps a daemon from running while the share is not there. RequiresMountsFor= alone does not help
// where fstab names no mount, or where somebody took the line out: nothing is required then (systemd.unit(5)).
func mounted(folders ...string) string {
	var b strings.Builder
	b.WriteString("# Written by Leaven: without the share, the daemon would run with a stale key, or another one, of this machine alone.\n[Unit]\n")
	b.WriteString("RequiresMountsFor=" + strings.Join(folders, " ") + "\n")
	for _, folder := range folders {
		b.WriteString("AssertPathIsMountPoint=" + folder + "\n")
	}
	b.WriteString("# cf-monitord takes no notice of SIGTERM while it sleeps: systemd would wait 90 s at each bootstrap, restart and power-off.\n[Service]\nTimeoutStopSec=5s\n")
	return b.String()
}

// unitsStep writes the drop-ins. They count from the next boot on, before first boot does anything.
func (h *host) unitsStep() firstboot.Step {
	text := mounted(h.layout.keys(), h.layout.masterfiles())
	return h.step("units", "CFEngine's daemons wait for the share", thorough,
		func(context.Context) (firstboot.Verdict, error) {
			for _, unit := range daemons() {
				is, err := h.Root.ReadFile(dropIn(unit))
				if err != nil && !errors.Is(err, fs.ErrNotExist) {
					return firstboot.Verdict{}, err
				}
				if string(is) != text {
					return firstboot.Verdict{Text: "would write drop-ins for " + strings.Join(daemons(), ", ")}, nil
				}
			}
			return firstboot.Verdict{OK: true, Text: "they need " + h.layout.keys() + " and " + h.layout.masterfiles()}, nil
		},
		func(ctx context.Context) error {
			for _, unit := range daemons() {
				if err := h.Root.WriteFile(dropIn(unit), []byte(text), 0o644); err != nil {
					return err
				}
			}
			return systemd.Reload(ctx)
		})
}
