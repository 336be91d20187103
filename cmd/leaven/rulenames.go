package main

import (
	"bufio"
	"fmt"
	"io"

	"github.com/leaven-dev/leaven/bake"
)

// writeNames writes what flags and settings can name, one to a line behind its kind. The Packer plugin carries the list.
func writeNames(w io.Writer, d bake.Description) error {
	b := bufio.NewWriter(w)
	for _, p := range d.Profiles {
		fmt.Fprintln(b, "profile", p.Name)
	}
	for _, r := range d.Rules {
		fmt.Fprintln(b, "rule", r.ID)
	}
	for _, c := range d.Checks {
		fmt.Fprintln(b, "check", c.ID)
	}
	return b.Flush()
}
