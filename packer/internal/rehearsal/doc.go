// Package rehearsal has what tests of the plugin use in place of a machine to seal: a communicator that runs commands on the
// machine that runs the tests, and a stand-in for the agent, which speaks the protocol and changes nothing.
//
// The real agent must never run through it: it would seal the machine that runs the tests.
package rehearsal
