// Package sweep visits every file of a tree, to read its content.
//
// It follows no links, enters no file system that is no part of the image, opens nothing but regular files, and goes on
// after what it cannot read, which it reports. Names are bytes; a path may be longer than PATH_MAX. Where a file has several
// names it is visited once for each.
package sweep
