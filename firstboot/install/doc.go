// Package install puts Leaven into a root: the program, two units, and drop-ins that keep SSH servers from starting before the
// identity stage is through. It can take all of it out again.
//
// What it put where is kept in a list in the root, written before anything else, so that a run that was cut off can be taken
// out too, and what an older version installed goes with the next. It starts and stops nothing, and does not touch the state
// that instances keep. In a root that is not running, SELinux labels are left to whoever makes the image.
package install
