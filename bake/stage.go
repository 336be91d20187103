package bake

// Stage says when a rule has to run, and of a run which rules it takes.
type Stage string

// The stages. What a live rule takes stays away. What a shutdown rule takes is written again as long as the system runs, so
// it is taken once more when the writers have stopped. A run for the stage live takes both kinds and leaves the second as
// pending; one for the stage shutdown takes only the second; one for all takes both, and what is left then is dirty.
const (
	Live     Stage = "live"
	Shutdown Stage = "shutdown"
	All      Stage = "all"
)
