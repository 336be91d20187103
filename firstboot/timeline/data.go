package timeline

import "github.com/leaven-dev/leaven/firstboot"

// Data is what the records hold of a boot, and when they were read.
type Data struct {
	Status firstboot.Status
	// Uptime is when the status was read, in seconds since the kernel started: what still runs, runs until then. Zero for a tree
	// that is not running.
	Uptime float64
}
