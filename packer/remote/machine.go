package remote

import (
	"crypto/rand"
	"sync"
	"time"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
)

// Options are what a user can say about the far side.
type Options struct {
	Staging  string // folder to stage the agent in; empty means the first that fits of the usual ones
	Password string // for sudo; empty means that sudo asks for none
}

// A Machine is the far side of one build. Its staging folder has a name that no other run has.
type Machine struct {
	comm    packersdk.Communicator
	opts    Options
	id      string        // part of the staging folder's name, and the mark of answers
	facts   Facts         // what Probe found
	silence time.Duration // how long an agent that beats every second may say nothing
	running sync.WaitGroup
	errors  tail // the last that commands wrote which is no answer: for people
}

// New returns the machine that comm reaches. It does nothing there yet.
func New(comm packersdk.Communicator, opts Options) *Machine {
	return &Machine{comm: comm, opts: opts, id: rand.Text(), silence: 2 * time.Minute}
}

// Noise is the end of what commands wrote that was no answer, such as what sudo complains of.
func (m *Machine) Noise() []string { return m.errors.lines() }

// candidates are the folders to stage in, best first. /dev/shm is memory, so nothing of it comes into the image; /run is
// noexec on Debian; /var/tmp lies on the disk that becomes the image.
func (m *Machine) candidates() []string {
	if m.opts.Staging != "" {
		return []string{m.opts.Staging}
	}
	return []string{"/dev/shm", "/run", "/var/tmp"}
}
