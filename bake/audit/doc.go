// Package audit finds out whether a tree is fit to be an image: what the rules of baking still find, ways in that accounts,
// keys and settings leave open, and secrets in files.
//
// It changes nothing. What it cannot look at is a finding of state unknown, and an audit with one has failed. It does not run
// programs of the tree and asks nobody else, so what lies behind LDAP or a secrets server is not seen.
package audit
