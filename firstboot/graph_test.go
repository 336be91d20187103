package firstboot

import (
	"slices"
	"strings"
	"testing"
)

func step(id string, after ...string) Step { return Step{ID: id, After: after} }

func TestOrder(t *testing.T) {
	for _, c := range []struct {
		name    string
		steps   []Step
		want    string
		wantErr string
	}{
		{"none", nil, "", ""},
		{"as listed", []Step{step("b"), step("a"), step("c")}, "b a c", ""},
		{"turned round", []Step{step("c", "b"), step("b", "a"), step("a")}, "a b c", ""},
		{"diamond", []Step{step("d", "b", "c"), step("c", "a"), step("b", "a"), step("a")}, "a b c d", ""},
		{"waits for itself", []Step{step("a", "a")}, "", "a → a"},
		{"cycle behind a step", []Step{step("x", "a"), step("a", "b"), step("b", "c"), step("c", "a")}, "", "a → b → c → a"},
		{"unknown", []Step{step("a", "mount")}, "", `"a" comes after "mount", which does not exist`},
		{"twice", []Step{step("a"), step("a")}, "", `two called "a"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			sorted, err := order(c.steps, nil)
			if c.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), c.wantErr) {
					t.Fatalf("error is %v, want one with %q", err, c.wantErr)
				}
				return
			}
			var ids []string
			for _, s := range sorted {
				ids = append(ids, s.ID)
			}
			if err != nil || !slices.Equal(ids, strings.Fields(c.want)) {
				t.Errorf("order is %q, %v; want %q", ids, err, c.want)
			}
		})
	}
}
