package main

import "testing"

// Rules and checks share --skip, --only, the allow list and bake.yaml, so no id may mean two things.
func TestIDsAreUnique(t *testing.T) {
	d, err := describeRules("")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, r := range d.Rules {
		seen[r.ID] = true
	}
	for _, c := range d.Checks {
		if seen[c.ID] {
			t.Errorf("%s is a rule or a check already", c.ID)
		}
		seen[c.ID] = true
		if c.Title == "" || c.Why == "" || c.Fix == "" {
			t.Errorf("%s is not documented", c.ID)
		}
	}
}
