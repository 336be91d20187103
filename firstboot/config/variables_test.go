package config

import (
	"errors"
	"slices"
	"testing"
)

const id = "i-0123456789abcdef0"

// some looks a variable up.
func some(name string) (string, error) {
	value, ok := map[string]string{
		"instance.id": id, "instance.region": "eu-central-1", "instance.zone": "eu-central-1a", "instance.ipv4": "10.9.0.10",
		"tag.Name": "hub-1", "tag.a:b.c=d": "x", "tag.empty": "",
	}[name]
	if !ok {
		return "", errors.New("the instance has no " + name)
	}
	return value, nil
}

func TestExpand(t *testing.T) {
	for text, want := range map[string]string{
		"":               "",
		"no variables":   "no variables",
		"${instance.id}": id,
		"a ${instance.ipv4}, ${instance.region}${instance.zone}!": "a 10.9.0.10, eu-central-1eu-central-1a!",
		"${tag.Name} ${tag.a:b.c=d}[${tag.empty}]":                "hub-1 x[]",
		"$${instance.id}":             "${instance.id}",
		"$${instance.anything} $$":    "${instance.anything} $$",
		"$$${tag.Name}":               "$${tag.Name}",
		"${HOME} $HOME ${x:-${y}}":    "${HOME} $HOME ${x:-${y}}",
		"$${HOME} ${a.b} ${spring.x}": "$${HOME} ${a.b} ${spring.x}",
		"${unclosed":                  "${unclosed",
		"$":                           "$",
		"${":                          "${",
		"${x ${instance.id}":          "${x " + id,
		"€ ${tag.Name}\n":             "€ hub-1\n",
	} {
		if got, err := Expand(text, some); err != nil || got != want {
			t.Errorf("%q: %q, %v, want %q", text, got, err, want)
		}
	}
}

func TestExpandErrors(t *testing.T) {
	const all = "; there are instance.id, instance.ipv4, instance.region, instance.zone and tag.NAME"
	for _, c := range []struct {
		text, want string
	}{
		{"a ${instance.reigon}", `unknown variable ${instance.reigon} (did you mean "instance.region"?)` + all},
		{"\n\n ${instance.nothing}", `line 3, column 2: unknown variable ${instance.nothing}` + all},
		{"${instnce.id}", `unknown variable ${instnce.id} (did you mean "instance.id"?)` + all},
		{"${Instance.id}", `unknown variable ${Instance.id} (did you mean "instance.id"?)` + all},
		{"${tags.Name}", `unknown variable ${tags.Name} (did you mean "tag.Name"?)`},
		{"${Tag.Name}", `unknown variable ${Tag.Name} (did you mean "tag.Name"?)`},
		{"${tag.}", "${tag.} names no tag that can be in instance metadata: those have letters, digits and +-=.,_:@ in their names"},
		{"x ${instance.id\n}", "line 1, column 3: ${instance.id has no closing brace"},
		{"${tag.Nmae}", "the instance has no tag.Nmae"},
		{"${instance.x} ${tag.a b}", "unknown variable ${instance.x}" + all + "\n${tag.a b} names no tag that can be in instance metadata: those have letters, digits and +-=.,_:@ in their names"},
	} {
		got, err := Expand(c.text, some)
		if got != "" || err == nil || err.Error() != c.want {
			t.Errorf("%q: %q, error\n%v, want\n%s", c.text, got, err, c.want)
		}
	}
}

func TestVariables(t *testing.T) {
	got, err := Variables("${tag.Name} ${instance.id} ${HOME} $${instance.zone} ${tag.Name}")
	if want := []string{"tag.Name", "instance.id"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := Variables("${instance.x}"); err == nil {
		t.Error("no error")
	}
}
