// Package mounts is what a configuration can say about mounts, and what follows from it in a tree: lines in fstab, folders, drop-ins
// for the units that need them. With these the system mounts at later boots without Leaven. Whatever waits for a server and mounts
// is in the packages below.
//
// Everything here works on a tree that is not running, too, where it edits and mounts nothing.
package mounts
