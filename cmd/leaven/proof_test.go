package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/leaven-dev/leaven/bake"
	"github.com/leaven-dev/leaven/internal/seal"
)

// What could not be done counts as failed, and one failure makes the rule fail.
func TestTally(t *testing.T) {
	rules := []seal.Rule{{Rule: "a", Result: seal.Clean}, {Rule: "b", Result: seal.Clean}, {Rule: "c", Result: seal.Clean}}
	tally(&rules, []bake.Change{
		{Rule: "b", Bytes: 3, Result: bake.Done}, {Rule: "c", Bytes: 5, Result: bake.Failed}, {Rule: "b", Bytes: 4, Result: bake.Done},
		{Rule: "c", Bytes: 1, Result: bake.Done}, {Rule: "c", Result: bake.Refused}, {Rule: "d", Bytes: 7, Result: bake.Done},
	})
	want := []seal.Rule{
		{Rule: "a", Result: seal.Clean},
		{Rule: "b", Result: seal.Done, Paths: 2, Bytes: 7},
		{Rule: "c", Result: seal.Failed, Paths: 1, Bytes: 1, Failed: 2},
		{Rule: "d", Result: seal.Done, Paths: 1, Bytes: 7},
	}
	if diff := cmp.Diff(want, rules); diff != "" {
		t.Error(diff)
	}
}
