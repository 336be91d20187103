// Package packages reads what a package manager says about the files that it installed: the database of dpkg, and that of
// rpm in its SQLite, ndb and Berkeley DB forms.
//
// The databases lie in the image itself. Whoever could change a file could change its checksum too, so "as installed" means
// that nobody changed the file without care, not that nobody changed it. dpkg's checksums are MD5. Do not use the package to
// prove where a file comes from.
//
// A database that is damaged, or written to while it is read, is one of [Database.Problems]: then nothing that was not read
// before counts as owned or unchanged.
package packages
