// Package health tells load balancers whether an instance can serve, over HTTP: 200 when first boot's required steps are done in
// this boot, every plugin's probe passes and the instance is not leaving; 503 in all other cases, also when that cannot be told. A
// check of a TCP port sees neither a daemon that hangs nor one that was started too early.
//
// What is answered over the network names steps and probes and no more. What went wrong in detail goes to the journal, when it
// changes, and to `leaven health --once`.
//
// An answer never takes longer than a probe's deadline and a second, whatever hangs: a probe that does not return fails, and is not
// started again before it has returned.
//
// Limits: a probe looks from the inside. Security groups, routes and the balancer's own view are not seen. It is plain HTTP
// without authentication, meant for the balancer's subnets; it tells strangers that Leaven runs, and whether the instance is well.
package health
