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
	Report   Action = "report"   // touch nothing; tell
)

// Stage is when a rule runs.
type Stage string

// The stages. A shutdown rule is for what is written again as long as the system runs; it runs from a unit that stops
// after the writers, or on an offline root.
const (
	Live     Stage = "live"
	Shutdown Stage = "shutdown"
	All      Stage = "all"
)
