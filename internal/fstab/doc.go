// Package fstab treats /etc/fstab as a document: what is not changed is written back to the byte, comments, spacing, broken lines and
// the lines of others included.
//
// Leaven's own lines carry the option x-leaven. mount(8) and systemd keep options that begin with "x-" to themselves (mount(8),
// "x-*"), so it changes nothing about the mount; it stays with its line when people sort the file, and it is what tells whoever
// reads the file where the line comes from. Only such lines are ever changed or removed.
//
// How lines are read is fstab(5) and getmntent(3): fields between spaces and tabs, with \040 and the like for what cannot stand in
// a field. A line that programs cannot read is kept, and told as a [Problem].
//
// Not for /proc/self/mountinfo, which has another form, and not for what is mounted: fstab says what should be.
package fstab
