package config

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/leaven-dev/leaven/internal/nearest"
)

// variables are those besides the tags.
var variables = []string{"instance.id", "instance.ipv4", "instance.region", "instance.zone"}

// Variables lists which variables text refers to, once each, in the order in which they come: "instance.id", "tag.Name". It needs
// no values, so config can be checked anywhere. A reference to one that does not exist is an error, with its place; all are
// reported.
//
// A reference looks like ${instance.id} or ${tag.Name}; $${instance.id} stands for that text itself. All else, such as ${HOME} of a
// shell script, is left alone.
func Variables(text string) ([]string, error) {
	var names []string
	var errs []error
	for _, r := range references(text) {
		if err := r.check(); err != nil {
			errs = append(errs, r.at(text, err))
		} else if !r.escaped && !slices.Contains(names, r.name) {
			names = append(names, r.name)
		}
	}
	return names, errors.Join(errs...)
}

// Expand fills in the variables: value gives the value of one. One without a value is an error: half a name is worse than none.
//
// Whoever may set tags chooses their values. Do not expand them into the text of a script: let value return the name of a
// variable of the shell instead, and pass what it stands for in the environment.
func Expand(text string, value func(name string) (string, error)) (string, error) {
	var out strings.Builder
	var errs []error
	end := 0
	for _, r := range references(text) {
		out.WriteString(text[end:r.start])
		end = r.end
		if r.escaped {
			out.WriteString(text[r.start+1 : r.end])
			continue
		}
		err := r.check()
		var filled string
		if err == nil {
			filled, err = value(r.name)
		}
		if err != nil {
			errs = append(errs, r.at(text, err))
		}
		out.WriteString(filled)
	}
	if errs != nil {
		return "", errors.Join(errs...)
	}
	return out.String() + text[end:], nil
}

// reference is a ${…} that is ours, or was meant to be.
type reference struct {
	name       string // what is between the braces
	start, end int    // in bytes, with dollar and braces
	escaped    bool   // start is at the first of two dollars
	open       bool   // the closing brace is missing
}

func references(text string) (all []reference) {
	for at := 0; ; {
		i := strings.Index(text[at:], "${")
		if i < 0 {
			return all
		}
		r := reference{start: at + i}
		at = r.start + 2
		length := strings.IndexAny(text[at:], "}\n")
		if length < 0 {
			length = len(text) - at
		}
		r.name, r.end = text[at:at+length], at+length
		r.open = r.end == len(text) || text[r.end] == '\n'
		if !ours(r.name) {
			continue
		}
		if !r.open {
			r.end++
		}
		if r.start > 0 && text[r.start-1] == '$' {
			r.start, r.escaped = r.start-1, true
		}
		at = r.end
		all = append(all, r)
	}
}

// ours tells names that are in our two families, or one typing error away from them. No shell has variables with dots.
func ours(name string) bool {
	family, _, dotted := strings.Cut(name, ".")
	return dotted && !strings.ContainsAny(family, "$ \t") && meant(family, families) != ""
}

var families = []string{"instance", "tag"}

// meant is the first of some words that a word is, or is near to; "" where there is none.
func meant(word string, words []string) string {
	for _, w := range words {
		if nearest.Hint(strings.ToLower(word), []string{w}) != "" {
			return w
		}
	}
	return ""
}

// tagName is what the name of a tag in instance metadata may be ("Work with instance tags in instance metadata", EC2 user guide).
var tagName = regexp.MustCompile(`^[A-Za-z0-9+=.,_:@-]+$`)

// check tells whether there is such a variable. What is escaped needs not be one.
func (r reference) check() error {
	family, rest, _ := strings.Cut(r.name, ".")
	switch {
	case r.escaped:
		return nil
	case r.open:
		return fmt.Errorf("${%.40s has no closing brace", r.name)
	case slices.Contains(variables, r.name):
		return nil
	case family == "tag" && tagName.MatchString(rest):
		return nil
	case family == "tag":
		return fmt.Errorf("${%s} names no tag that can be in instance metadata: those have letters, digits and +-=.,_:@ in their names", r.name)
	case meant(family, families) == "tag":
		return fmt.Errorf("unknown variable ${%s} (did you mean %q?)", r.name, "tag."+rest)
	}
	var known []string
	for _, v := range variables {
		known = append(known, strings.TrimPrefix(v, "instance."))
	}
	hint := ""
	if near := meant(rest, known); near != "" {
		hint = fmt.Sprintf(" (did you mean %q?)", "instance."+near)
	}
	return fmt.Errorf("unknown variable ${%s}%s; there are %s and tag.NAME", r.name, hint, strings.Join(variables, ", "))
}

// at says where in a text of several lines a reference is wrong: line and column in bytes, from 1. The place of the text itself is
// for the caller to tell.
func (r reference) at(text string, err error) error {
	before := text[:r.start]
	if !strings.Contains(text, "\n") {
		return err
	}
	return fmt.Errorf("line %d, column %d: %w", 1+strings.Count(before, "\n"), r.start-strings.LastIndexByte(before, '\n'), err)
}
