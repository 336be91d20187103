// Package keys makes the SSH host keys of an instance, exactly once, and tells what is there.
//
// How a power cut is survived: the whole set is generated in memory and written, with the id of the instance that it is for,
// into one file ([stagedFile]). That file appears in one step; from then on the set is fixed, and whoever comes by again
// publishes the same bytes. What was in the image is deleted, the keys are published, the manifest ([manifestFile]) says for
// whom they are, and the staged file goes. A crash between any two steps is finished from the staged file.
//
// Keys that were published are never changed by this package as long as the instance keeps its id and at least one of them
// can be used: an administrator may add, replace or remove some, and a package's scripts may add an RSA key.
//
// Made are Ed25519 and ECDSA P-256. RSA takes a hundred times as long as both together and would hold up sshd, so [MakeRSA] adds
// one later, for whoever asks for it, in the same way: staged, published, recorded. ECDSA is what is left where Ed25519 is not
// allowed (FIPS 140-2). Keys of other SSH servers (dropbear) are not looked at.
//
// A [Certifier] has the keys certified, and [ServeCertificates] has sshd show the certificates. A certificate that could not be
// renewed stays until it ends; clients then fall back on the bare key, which they do not know. Who is up longer than a certificate
// lives must call Sign again in time; nothing here waits for that.
package keys
