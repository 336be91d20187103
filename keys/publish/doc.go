// Package publish gives machines that boot together one RSA key pair in a folder that they share, without a lock, a lease or a
// clock: on a local file system, and on NFSv4.1 with default mount options, where a file that another client made may stay unseen
// for half a minute.
//
// Each contender writes a candidate under a name of its own, whole and synced, and links it to the name of the private key. link(2)
// is the one commit point: the server lets one of them through. Whatever link says (a lost answer may be an error), what counts is
// what is there afterwards, so everybody reads the private key back, derives the public one, and links that where it is missing.
// A machine that dies in between leaves a private key without its public one, which any other completes; or a candidate, which
// any other removes once the pair is there.
//
// Everything else is refused and left as it is: a public key without a private one, a pair whose halves are of different keys, a
// file that does not parse, a link in the place of a file, a private key that others may read. The folder itself (that it is the
// share and not the bare mount point below it, its mode) is for the caller to look at.
//
// Files are PKCS#1 (RFC 8017), as CFEngine wants them; the package knows nothing of CFEngine but the names that it is given.
package publish
