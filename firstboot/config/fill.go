package config

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/leaven-dev/leaven/internal/nearest"
)

// Variables are what can be filled in, besides tag.NAME.
func Variables() []string {
	return []string{"instance.id", "instance.ipv4", "instance.ipv6", "instance.region", "instance.zone"}
}

var variable = regexp.MustCompile(`\$\{([^{}$]*)\}`)

// Fill puts values for ${instance.id}, ${tag.NAME} and the like into a text. Lookup gives the value of one of [Variables] or of a
// tag. Anything else in ${} is an error, and so is a value that lookup does not have.
func Fill(text string, lookup func(name string) (string, error)) (string, error) {
	return fill(text, lookup, func(name string) (string, error) {
		return "", fmt.Errorf("${%s} means nothing here%s; ${...} is filled in for %s and tag.NAME", name,
			nearest.Hint(name, Variables()), strings.Join(Variables(), ", "))
	})
}

// FillShell does that in a text for the shell, where other ${} are the shell's own business. The values do not get into the text:
// who may set a tag must not be able to run commands. What stands there afterwards is a variable of the shell, whose name export
// returns.
func FillShell(text string, lookup func(name string) (string, error), export func(value string) string) (string, error) {
	return fill(text, func(name string) (string, error) {
		value, err := lookup(name)
		if err != nil {
			return "", err
		}
		return "${" + export(value) + "}", nil
	}, func(name string) (string, error) { return "${" + name + "}", nil })
}

func fill(text string, lookup, other func(name string) (string, error)) (string, error) {
	var failed error
	filled := variable.ReplaceAllStringFunc(text, func(found string) string {
		name := found[2 : len(found)-1]
		get := other
		if ours(name) {
			get = lookup
		}
		value, err := get(name)
		if err != nil && failed == nil {
			failed = err
		}
		return value
	})
	return filled, failed
}

func ours(name string) bool {
	for _, v := range Variables() {
		if v == name {
			return true
		}
	}
	tag, is := strings.CutPrefix(name, "tag.")
	return is && tag != ""
}

// Uses tells whether a text has a variable in it that only the metadata service knows.
func Uses(text string) bool {
	for _, m := range variable.FindAllStringSubmatch(text, -1) {
		if ours(m[1]) && m[1] != "instance.id" {
			return true
		}
	}
	return false
}
