// Package firstboot gives an instance that was started from an image an identity of its own, once, and records how that went.
//
// What must come about is a list of steps: data with a check (is it already so?) and a way to make it so. Steps form a graph;
// independent ones run side by side. Each is checked, applied where that is needed, and checked again. That a step was begun
// and that it is done are two facts in the state file; only done ever skips, so a boot that was cut off is finished by the
// next one.
//
// Two stages, one systemd unit each: identity runs before sshd and needs no network; provision runs with network and tells the
// verdict. Both can be run again at any time.
//
// What belongs to the instance is under /var/lib/leaven/<instance-id>. An id that cannot be established is never taken for a
// new one, and a damaged state is never taken for a first boot.
//
// Not for: configuration management. A step is for what must be so before an instance can serve, and stays so.
package firstboot
