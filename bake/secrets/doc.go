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
// at random, and published keys in tests and documentation are left out. RAR, 7-Zip and encrypted archives, PDF and
// images are searched as they lie, not opened. Do not use the package to prove that there are no secrets in text that
// somebody hid on purpose.
package secrets
