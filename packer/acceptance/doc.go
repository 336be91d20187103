// Package acceptance holds tests that run the real Packer: real builds over SSH against a server of their own on the loopback
// address, with the real plugin code, and with a stand-in for the agent, because the machine that they build on is the one
// that runs the tests. It has no code of its own.
//
// What they need: root, the Debian packages openssh-server and sudo, and Packer as `make tools` builds it.
package acceptance
