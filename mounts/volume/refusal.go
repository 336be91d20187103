package volume

import "fmt"

// Refusal says why a volume is left as it is: nothing on it was changed.
type Refusal struct {
	Volume string // how it was looked for
	Device string // what was found; "" where nothing was
	Reason string
	Cure   string // what the reader can do: a sentence in the imperative, without a full stop
}

func (r *Refusal) Error() string {
	if r.Device == "" {
		return fmt.Sprintf("cannot bring up %s: %s", r.Volume, r.Reason)
	}
	return fmt.Sprintf("cannot bring up %s: %s %s", r.Volume, r.Device, r.Reason)
}
