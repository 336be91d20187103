// Package rootfs treats a directory as if it were "/".
//
// Every name is looked up as it would be after chroot(2): absolute links start again at the top of the tree, ".." stops
// there, and nothing outside can be reached. [os.Root] guarantees the last part; it refuses absolute links even where they
// stay inside (/var/run → /run), so links are followed here first and the file is then opened by a name that has none.
//
// Whoever may write in the tree can swap a directory for a link between two steps. [Root.OpenDir] therefore hands out an
// open directory, and what is done through a [Dir] happens in that directory, whatever its name has become. A Dir never
// follows a link in what it opens, so it can also walk trees deeper than PATH_MAX.
//
// Names are slash-separated and may contain any byte but NUL and "/"; a leading slash makes no difference. The package is
// for local Linux file systems. It does not enter a mount namespace or change user: who runs it needs the rights.
package rootfs
