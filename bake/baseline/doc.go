// Package baseline remembers what files a tree held when a build began, so that an audit at its end can leave alone what
// was there before.
//
// A baseline is a text file: sizes, times and SHA-256 sums, and the packages that were installed with a digest of their
// checksums. Whoever is root during the build can change it, so it finds mistakes, not malice. It does not replace a full
// audit of a base image whose content nobody vouches for.
package baseline
