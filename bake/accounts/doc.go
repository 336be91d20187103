// Package accounts looks for ways into a machine that an image should not come with: passwords, keys that sshd accepts,
// sudo rights that a builder left, and settings of sshd that open one of these.
//
// It reads files as the programs do that use them, as far as that can be told from files alone. What a file leaves to
// another machine (LDAP, AuthorizedKeysCommand, PAM modules) is not seen. A line that cannot be understood is a finding of
// state unknown: nobody can tell what the program makes of it.
package accounts
