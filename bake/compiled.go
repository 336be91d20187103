package bake

import (
	"errors"
	"fmt"
)

// compiled is a rule with its patterns taken apart.
type compiled struct {
	*Rule
	where, except, busy, when, unless, scripts []place

	named  [][]place // where each of Named looks
	makers []maker
}

// maker is a Maker with its patterns taken apart.
type maker struct {
	Maker
	where, unless []place
}

// compile takes a rule's patterns apart. Every one that is none is reported.
func compileRule(r *Rule) (*compiled, error) {
	c := &compiled{Rule: r}
	var errs []error
	take := func(list []string) []place {
		all, err := places(list)
		if err != nil {
			errs = append(errs, fmt.Errorf("rule %q: %w", r.ID, err))
		}
		return all
	}
	c.where, c.except, c.busy = take(r.Where), take(r.Except), take(r.Busy)
	c.when, c.unless, c.scripts = take(r.When), take(r.Unless), take(r.Scripts)
	for _, n := range r.Named {
		c.named = append(c.named, take(n.In))
	}
	for _, m := range r.Makers {
		made := maker{Maker: m, where: take([]string{m.Where})}
		if m.Unless != "" {
			made.unless = take([]string{m.Unless})
		}
		c.makers = append(c.makers, made)
	}
	return c, errors.Join(errs...)
}
