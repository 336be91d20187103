package rehearsal

import "github.com/leaven-dev/leaven/bake/wire"

// A Script is what the stand-in does for each command: "install", "bake", "audit", and for `bake --baseline` "baseline", for
// `bake --disarm` "disarm". It travels behind the program, in the
// same file, as the length-prefixed JSON that the program reads from its own end.
type Script struct {
	Log      string         // file to which each run adds a line: an Entry
	Commands map[string]Act // a command that is not here ends well and reports nothing
}

// An Act is one run of the stand-in. The zero value ends well and reports nothing.
type Act struct {
	Records []wire.Record // between begin and end
	Exit    int           // in the end record, and what the process exits with
	Error   string        // in the end record

	Catalogue string // in the end record

	Version      string // in place of the version that the agent should have
	NoBegin      bool
	BeginNonce   string // in place of the right one
	EndNonce     string // in place of the right one
	NoEnd        bool   // exit without the end record
	Status       *int   // exit with this, whatever the end record says
	Hang         bool   // after the records: beat until the pipe closes or a signal comes
	Mute         bool   // with Hang: do not even beat
	IgnoreSignal bool   // with Hang: ignore SIGTERM
}

// An Entry is what one run of the stand-in saw.
type Entry struct {
	PID   int
	Args  []string
	Exe   string
	Mode  string // of its own file
	Stdin string // all that it could read there, unless it is a terminal

	Settings string // what the file of --config held
}

// Version is the version that the stand-in has.
const Version = "0.1.0-rehearsal"

// AgentsVariable names the environment variable from which the rehearsal plugin takes its folder of agents.
const AgentsVariable = "LEAVEN_REHEARSAL_AGENTS"
