package metadata

import (
	"net/netip"
	"slices"
	"testing"
)

var some = Values{ID: id, Region: "eu-central-1", Zone: "eu-central-1a", IPv4: netip.MustParseAddr("10.9.0.10"), Tags: map[string]string{"Name": "hub-1", "a:b.c=d": "x", "empty": ""}}

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
	bare := Values{ID: id}
	const all = "; there are instance.id, instance.ipv4, instance.region, instance.zone and tag.NAME"
	for _, c := range []struct {
		text   string
		values Values
		want   string
	}{
		{"a ${instance.reigon}", some, `line 1, column 3: unknown variable ${instance.reigon} (did you mean "instance.region"?)` + all},
		{"\n\n ${instance.nothing}", some, `line 3, column 2: unknown variable ${instance.nothing}` + all},
		{"${instnce.id}", some, `line 1, column 1: unknown variable ${instnce.id} (did you mean "instance.id"?)` + all},
		{"${Instance.id}", some, `line 1, column 1: unknown variable ${Instance.id} (did you mean "instance.id"?)` + all},
		{"${tags.Name}", some, `line 1, column 1: unknown variable ${tags.Name} (did you mean "tag.Name"?)`},
		{"${Tag.Name}", some, `line 1, column 1: unknown variable ${Tag.Name} (did you mean "tag.Name"?)`},
		{"${tag.}", some, "line 1, column 1: ${tag.} names no tag that can be in instance metadata: those have letters, digits and +-=.,_:@ in their names"},
		{"x ${instance.id\n}", some, "line 1, column 3: ${instance.id has no closing brace"},
		{"${tag.Nmae}", some, `line 1, column 1: cannot fill in ${tag.Nmae}: the instance has no such tag (did you mean "tag.Name"?)`},
		{"${tag.Name}", bare, "line 1, column 1: cannot fill in ${tag.Name}: tags are not in instance metadata; allow it with `aws ec2 modify-instance-metadata-options --instance-metadata-tags enabled --instance-id …`, or in the launch template"},
		{"${instance.ipv4}", bare, "line 1, column 1: cannot fill in ${instance.ipv4}: the instance has none"},
		{"${instance.x} ${tag.a b}", some, "line 1, column 1: unknown variable ${instance.x}" + all + "\nline 1, column 15: ${tag.a b} names no tag that can be in instance metadata: those have letters, digits and +-=.,_:@ in their names"},
	} {
		got, err := Expand(c.text, c.values)
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
