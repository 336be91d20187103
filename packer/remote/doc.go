// Package remote runs the agent on the far side of a Packer build: it probes, uploads, runs as root, stops and removes.
//
// It needs a communicator that runs commands with a POSIX shell behind it: SSH, docker, chroot. WinRM does not fit.
//
// Nothing that a command only seems to have done is believed. Packer's SSH communicator reports exit status 0 for a session
// that broke off, so each step is proven by its answer: a line that carries a number nobody else knows, the sha256 of what
// was uploaded, the agent's end record.
package remote
