package laststage

import (
	"fmt"
	"slices"
	"strings"
	"time"

	systemd "github.com/coreos/go-systemd/v22/unit"
)

// Unit is the transient unit's name.
const Unit = "leaven-seal.service"

// unitFile is where it lies: in /run, so that nothing of it is in the image.
const unitFile = "/run/systemd/system/" + Unit

// writers are what writes at shutdown on the distributions known, whether or not it runs when the unit is armed.
var writers = []string{
	"auditd.service", "chrony.service", "chronyd.service", "cron.service", "crond.service", "NetworkManager.service",
	"networking.service", "rsyslog.service", "ssh.service", "ssh.socket", "sshd.service", "sshd.socket", "syslog.service",
	"systemd-journal-flush.service", "systemd-logind.service", "systemd-networkd.service", "systemd-random-seed.service",
	"systemd-timesyncd.service", "systemd-update-utmp.service", "systemd-user-sessions.service",
}

// armed is the unit's file. The unit is Before= all others and After= nothing but the mounts of the image, so it can be in no
// ordering cycle. What ends the machine's run conflicts with it and so stops it: poweroff.target and halt.target, and
// exit.target in a container. Not shutdown.target, in which reboot.target and kexec.target (systemd.special(7)) take part too,
// and nobody's `systemctl stop` or `isolate`: a machine that comes back, or goes on, must not be sealed.
// Limit is how long the command may take before systemd kills it.
func armed(command, running, mounts []string, limit time.Duration) string {
	before := slices.Concat(writers, running)
	slices.Sort(before)
	before = slices.Compact(before)
	before = slices.DeleteFunc(before, func(u string) bool {
		// journald runs to the end; it lets go of the disk when the journal rule asks it to.
		return u == Unit || u == "init.scope" || strings.HasPrefix(u, "systemd-journald")
	})
	var b strings.Builder
	b.WriteString(`[Unit]
Description=Leaven: seals this system when it powers off (leaven bake --disarm takes that back)
DefaultDependencies=no
RefuseManualStop=yes
IgnoreOnIsolate=yes
Conflicts=poweroff.target halt.target exit.target
Before=shutdown.target umount.target
`)
	for _, u := range before {
		b.WriteString("Before=" + u + "\n")
	}
	// Only the order: what requires a mount is stopped with it, at a reboot too.
	for _, m := range mounts {
		b.WriteString("After=" + systemd.UnitNamePathEscape(m) + ".mount\n")
	}
	b.WriteString(`
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=:/bin/true
ExecStop=:`)
	for i, arg := range command {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(quote(arg))
	}
	fmt.Fprintf(&b, `
TimeoutStopSec=%d
StandardOutput=null
StandardError=journal+console
`, int(limit.Seconds()))
	return b.String()
}

// disarmed is the unit's file when stopping the unit shall do nothing.
const disarmed = `[Unit]
Description=Leaven: last stage of sealing, disarmed
DefaultDependencies=no

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=:/bin/true
`

// quote writes a word so that systemd reads it as it is (systemd.syntax(7), "Quoting"; "%" begins a specifier). The prefix
// ":" of the command lines switches off "$".
func quote(word string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, `%`, `%%`).Replace(word) + `"`
}
