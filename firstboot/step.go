package firstboot

import (
	"context"
	"errors"
	"time"
)

// Stage is a part of first boot with a systemd unit of its own.
type Stage string

// The stages, in the order in which they run.
const (
	Identity  Stage = "identity"
	Provision Stage = "provision"
)

// Policy says what a step that fails means for the instance.
type Policy string

// The policies.
const (
	Required Policy = "required" // the instance has failed
	Degrade  Policy = "degrade"  // the instance works, and says that something is wrong
	Ignore   Policy = "ignore"   // recorded, nothing more; what comes after it runs all the same
)

// DefaultDeadline bounds a step that sets none.
const DefaultDeadline = time.Minute

// quickly is the deadline of steps that read a few files: milliseconds, unless the blocks of a volume that was made from a snapshot
// are fetched only now.
const quickly = 10 * time.Second

// A Step is one thing that first boot must bring about.
type Step struct {
	ID       string
	Title    string
	After    []string // ids of steps of the same stage that must be done before, in the same lot or an earlier one
	Policy   Policy
	Deadline time.Duration // for check, apply and second check together; 0 is DefaultDeadline

	// Regardless runs the step also when one that it comes after has failed.
	Regardless bool
	// Foresee is what a dry run says of the step, where its check would wait for something. Otherwise the check says it.
	Foresee string

	// Check tells whether it is already so. It changes nothing. Where it is nil, the record decides: the step is done once for
	// an instance.
	Check func(context.Context) (Verdict, error)
	// Apply makes it so. It must stand being cut off anywhere and run again. Where it is nil, nothing can be done: a check that
	// does not hold is a failure.
	Apply func(context.Context) error
}

// A Verdict is what a check found.
type Verdict struct {
	OK   bool
	Text string // how it is, or what Apply would change; one line, for people
	Cure string // what the reader can do, where it is not OK and Apply is nil
}

// WithCure adds to an error what the reader can do about it: a sentence in the imperative, without a full stop.
func WithCure(err error, cure string) error {
	if err == nil || cure == "" {
		return err
	}
	return &curable{err, cure}
}

// cureOf returns the cure that an error carries, or "".
func cureOf(err error) string {
	if c, ok := errors.AsType[*curable](err); ok {
		return c.cure
	}
	return ""
}

// Cure returns what the reader can do about an error, or "".
func Cure(err error) string { return cureOf(err) }

type curable struct {
	err  error
	cure string
}

func (c *curable) Error() string { return c.err.Error() }
func (c *curable) Unwrap() error { return c.err }
