// Package timeline draws a boot as an SVG picture, as `systemd-analyze plot` does: a row for each step, grouped by stage, along
// the seconds since the kernel started.
//
// The picture stands alone: no scripts, nothing to load, a background of its own, and every result told by a shape and a word
// besides its colour. All text in it is escaped, since names and messages come from user data and from programs.
//
// Times come from the timeline of events, whose clock does not jump. A step that was only looked at has no event: its place comes
// from the wall clock, set against the nearest event, so it may be off where the clock was set in between.
//
// Not for measuring: a bar is at least two pixels wide, and a long stretch in which Leaven did nothing is cut out of the scale,
// which shows as a break.
package timeline
