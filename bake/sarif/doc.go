// Package sarif writes an audit's report as SARIF 2.1.0 (OASIS), in the subset that GitHub's code scanning reads: "SARIF
// support for code scanning" in GitHub's documentation.
//
// Paths are those inside the image, relative to its top. GitHub shows 5,000 results of a run and takes 25,000; more than
// that are cut off, the least important first, and a notification says so.
package sarif
