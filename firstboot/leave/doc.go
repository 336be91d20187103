// Package leave takes an instance out of service in good order when EC2 is about to take it away: the health endpoint turns 503 and
// balancers drain, a command of the user's runs, the plugins' leave steps run, and the termination lifecycle hook is completed. All of
// it ends in time, whatever hangs: what is over its share of the time is cut off, and the hook is completed anyway.
//
// [Watch] asks the metadata service for notices. A notice is only what the service says in so many words: silence, errors and
// answers that make no sense are none, because leaving without need is an outage.
//
// What is under way is recorded in /run/leaven/leaving, which is also what the health endpoint looks for. A service that is started
// anew in the middle goes on from there. The same record goes to /var/lib/leaven/<instance-id>/leave.json, for afterwards.
//
// Limits: an instance that is gone at once (a failed host, a hibernation) leaves no time for any of it. And what a command has done
// cannot be taken back: [Cancel] stops what has not happened yet.
package leave
