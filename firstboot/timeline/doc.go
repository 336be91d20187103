// Package timeline draws a boot as an SVG picture, as `systemd-analyze plot` does: a row for each step, grouped by stage, along
// the seconds since the kernel started, a clock that does not jump.
//
// The picture stands alone: no scripts, nothing to load, a background of its own, and every result told by a shape and a word
// besides its colour. All text in it is escaped, since names and messages come from user data and from programs.
//
// Not for measuring: a bar is at least two pixels wide, and a long stretch in which Leaven did nothing is cut out of the scale,
// which shows as a break.
package timeline
