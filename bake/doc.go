// Package bake seals a machine image: it takes out what belongs to the machine that the image was built on.
//
// What must go is data: a [Catalogue] of rules. From rules and a tree, [NewPlan] finds out what is there that must go; it only
// reads. [Plan.Apply] does it. [Audit] plans again: whatever is still planned is a finding. A dry run is the plan, printed. The
// same code serves a running system and an image's tree that is mounted somewhere.
//
// The package knows nothing of particular software beyond what every distribution has; rules of one piece of software live
// in its folder below plugins.
package bake
