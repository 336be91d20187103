// Package vendor reads rules that vendors of software put into an image, so that what their software leaves behind is
// taken out like everything else, without code.
//
// The files are strict, and a rule in them is checked like a built-in one. A rule can delete and edit files of the image
// that it lies in, and on a running system name commands, so a running system takes only files that nobody but root can
// change. For a tree that is not running no command is ever run.
package vendor
