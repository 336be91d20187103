package bake

// Action is what a rule does to what it finds.
type Action string

// The actions.
const (
	Delete   Action = "delete"   // unlink; a folder with all that is in it
	Truncate Action = "truncate" // cut a file to nothing; it keeps owner, mode and label, and who writes to it goes on
	Empty    Action = "empty"    // remove all that is in a folder and keep the folder
	Reset    Action = "reset"    // give a file a known content and mode
	Edit     Action = "edit"     // change lines of a file
	Wipe     Action = "wipe"     // put zeros over the pages of a swap file; its header with UUID and label stays
	Report   Action = "report"   // touch nothing; tell
	Run      Action = "run"      // of a change: a program of the image was run; no rule has this action
)

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
