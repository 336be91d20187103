// Package acceptance holds tests that run the real Packer: real builds over SSH, against a server of their own on the loopback
// address in a Debian root of its own, with the real plugin code and a stand-in for the agent. The real agent has its tests
// in package e2e, on machines that boot. It has no code of its own.
//
// What the tests need: root, what `make setup` installs, and Packer as `make tools` builds it.
package acceptance
