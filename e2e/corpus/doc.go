// Package corpus plants in a tree what a build leaves behind, beside traps for cleaners that take too much, and judges what
// a cleaner made of it.
//
// What is planted comes from systems as they are, not from the catalogue of rules: a list made from the rules would only
// show that they match themselves. The tree looks like Debian and like Red Hat at once, so that one run sees the paths of
// both. Contents are harmless; nothing outside the tree is written to.
package corpus
