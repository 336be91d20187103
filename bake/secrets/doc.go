// Package secrets finds credentials in files: tokens of known issuers, private keys, passwords in URLs, command lines and
// configuration, and the fields of file formats that are made to hold them.
//
// The search is keyword first. Each file is read once, in blocks; a filter finds the places where one of a few hundred
// marks stands; only there an expression or a parser looks closer, at a window of a few kilobytes. Archives, compressed
// files, SQLite databases, UTF-16, base64, hexadecimal digits and escapes are opened and searched the same way, within
// bounds of depth, size and time. What is found depends neither on where blocks end nor on how the reader cuts its data.
//
// A Hit never holds the secret. It names the rule and the place, and a salted hash by which a secret can be recognised
// again. To accept a known value for good, give Options a salt of your own (16 random bytes, kept with the build's
// configuration and not in the image), run the audit, and copy the hash that it prints to the allow list; the hash stays
// the same as long as the salt and the value do. Who has both the salt and the hash can try guesses, so a hash of a weak
// password is not for publishing.
//
// # Limits
//
// What looks like a secret is a guess outside the formats with a mark of their own: weak passwords in prose, and secrets
// that are split or encrypted, are missed. Inside a distribution's tree (/usr without /usr/local) guesses must look drawn
// at random, and published keys in tests and documentation are left out.
//
// Opened are gzip, bzip2, xz, lzma, zstd, lz4, tar, cpio, ar and Debian packages, rpm packages, zip and what is made of it
// (jar, wheel, Office), SQLite, and the objects of git, packed or loose: what was committed once is in them after the file
// is gone. What asks for more memory or time than the bounds allow, encrypted members of zip, zip's rarer methods, xz with
// filters, 7-Zip, RAR, lzip, lrzip, lzop and compress(1) end in [ErrIncomplete]: nobody can tell what is in them. PDF,
// images, squashfs and file systems in files are searched as they lie; so are GnuPG's and LUKS' files, which whoever has
// the image cannot read either. Do not use the package to prove that there are no secrets in text that
// somebody hid on purpose.
package secrets
