// Package provisioner is `provisioner "leaven"` of the Packer plugin: it seals the machine that Packer built, as the last
// provisioner, and fails the build when that did not work, or when nobody can tell whether it did.
//
// It needs a Linux machine on x86_64 or aarch64 and a communicator with a POSIX shell behind it. What it does there is the
// agent's work (package bake); what is here reads settings, tells people, and judges.
package provisioner
