package report

// Action is what was done to a path, and what a rule does to what it finds.
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

// Result says what became of a change.
type Result string

// The results that a change can have.
const (
	Planned Result = "planned" // dry run: would be done
	Done    Result = "done"
	Failed  Result = "failed"  // could not be done; Message says why
	Refused Result = "refused" // left in place on purpose; Message says why and what to do
)

// A Change is one thing that baking did, or would do.
type Change struct {
	Rule    string `json:"rule"`
	Path    string `json:"path"`   // as seen inside the root; what is not printable ASCII is written \xNN
	Action  Action `json:"action"` // what was done to the path
	Bytes   int64  `json:"bytes"`  // content that is gone, in bytes; 0 where only names or modes changed
	Result  Result `json:"result"`
	Message string `json:"message,omitempty"`
}
