// Package laststage seals once more when a system powers off.
//
// After the last provisioner of a build a lot is written again: the journal, login records, the random seed, the DHCP
// lease, what Packer's own clean-up does through sudo. And the build needs some things until its end: the key that it comes
// in with, sshd's host keys, its sudo rights. A transient unit takes care of both. It is ordered before all that runs when
// it is armed, so systemd stops it after all of that (systemd.unit(5): the order of stopping is the reverse), and its
// ExecStop= is the agent. At that moment only journald still runs and the file systems are still writable.
//
// Only powering off, halting, and the end of a container seal. A reboot in the middle of a build does not: the machine comes
// back, the unit, which lies in /run, does not, and the build must arm it again. Nor does stopping the unit by hand; [Disarm]
// is for that.
//
// It needs systemd and a graceful shutdown. A build that cuts the power leaves an image without the proof that the last
// stage writes (package internal/seal), which an offline audit and the first boot both report.
package laststage
