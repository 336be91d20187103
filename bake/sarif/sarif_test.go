package sarif

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/leaven-dev/leaven/bake"
)

// log is what a reader of the format sees. Fields are read by the names of the specification, not through this package's
// own types, so that a wrong name there is found.
type log struct {
	Schema  string `json:"$schema"`
	Version string
	Runs    []struct {
		Tool struct {
			Driver struct {
				Name  string
				Rules []struct {
					ID, Name                                string
					ShortDescription, FullDescription, Help struct{ Text string }
					DefaultConfiguration                    struct{ Level string }
					Properties                              map[string]any
				}
			}
		}
		Invocations []struct {
			ExecutionSuccessful        *bool
			ToolExecutionNotifications []struct{ Message struct{ Text string } }
		}
		Results []struct {
			RuleID              string
			RuleIndex           int
			Level               string
			Message             struct{ Text string }
			PartialFingerprints map[string]string
			Locations           []struct {
				PhysicalLocation struct {
					ArtifactLocation struct{ URI string }
					Region           struct{ StartLine int }
				}
			}
		}
	}
}

func written(t *testing.T, r bake.AuditReport) log {
	t.Helper()
	var text bytes.Buffer
	docs := map[string]bake.Check{
		"private-key": {ID: "private-key", Title: "private key", Why: "whoever has it can log in", Fix: "remove it", Severity: bake.Error},
		"sudo-x":      {ID: "sudo-x", Title: "sudo rights", Why: "bad", Source: "sudoers(5)", Severity: bake.Warning},
	}
	if err := Write(&text, r, docs); err != nil {
		t.Fatal(err)
	}
	var l log
	if err := json.Unmarshal(text.Bytes(), &l); err != nil {
		t.Fatal(err)
	}
	return l
}

func finding(rule, path string, line int) bake.Finding {
	return bake.Finding{Rule: rule, Path: bake.Quote(path), Line: line, Severity: bake.Error, State: bake.Dirty, Message: "private key", Fix: "remove it"}
}

// What GitHub's "SARIF support for code scanning" calls required, and what it limits. The output was also validated against
// OASIS' schema, sarif-schema-2.1.0.json.
func TestRequiredProperties(t *testing.T) {
	l := written(t, bake.AuditReport{Version: "v1", Notes: []string{"a note"}, Findings: []bake.Finding{
		finding("private-key", "/etc/a key#1?%\xff\n\\", 7),
		finding("private-key", "/", 0),
		{Rule: "sudo-x", Path: "/etc/sudoers", Line: 3, Severity: bake.Warning, State: bake.Dirty, Message: "m"},
		{Rule: "not-documented", Path: "/x", Severity: bake.Error, State: bake.Unknown, Message: "m"},
		{Rule: "private-key", Path: "/y", Severity: bake.Error, State: bake.Pending, Message: "m"},
	}})
	if l.Version != "2.1.0" || !strings.Contains(l.Schema, "sarif-2.1.0.json") || len(l.Runs) != 1 {
		t.Fatalf("version %q, schema %q, %d runs", l.Version, l.Schema, len(l.Runs))
	}
	r := l.Runs[0]
	if r.Tool.Driver.Name != "Leaven" || len(r.Invocations) != 1 || r.Invocations[0].ExecutionSuccessful == nil || *r.Invocations[0].ExecutionSuccessful {
		t.Error("an audit that could not look at everything must not count as successful")
	}
	if n := r.Invocations[0].ToolExecutionNotifications; len(n) != 1 || n[0].Message.Text != "a note" {
		t.Errorf("notes: %+v", n)
	}
	for _, rule := range r.Tool.Driver.Rules {
		if rule.ID == "" || rule.Name == "" || rule.ShortDescription.Text == "" || rule.FullDescription.Text == "" || rule.Help.Text == "" ||
			rule.DefaultConfiguration.Level == "" || rule.Properties["security-severity"] == "" || len(rule.Name) > 255 || len(rule.FullDescription.Text) > 1024 {
			t.Errorf("rule %+v", rule)
		}
	}
	prints := map[string]bool{}
	wantLevels := []string{"error", "error", "warning", "error", "note"}
	wantURIs := []string{"etc/a%20key%231%3F%25%FF%0A%5C", ".", "etc/sudoers", "x", "y"}
	wantLines := []int{7, 1, 3, 1, 1}
	for i, res := range r.Results {
		place := res.Locations[0].PhysicalLocation
		if r.Tool.Driver.Rules[res.RuleIndex].ID != res.RuleID || res.Message.Text == "" {
			t.Errorf("result %d: rule %q at index %d", i, res.RuleID, res.RuleIndex)
		}
		if res.Level != wantLevels[i] || place.ArtifactLocation.URI != wantURIs[i] || place.Region.StartLine != wantLines[i] {
			t.Errorf("result %d: level %s, %s:%d", i, res.Level, place.ArtifactLocation.URI, place.Region.StartLine)
		}
		if u, err := url.Parse(place.ArtifactLocation.URI); err != nil || u.IsAbs() {
			t.Errorf("result %d: %q is no relative URI: %v", i, place.ArtifactLocation.URI, err)
		}
		print := res.PartialFingerprints["primaryLocationLineHash"]
		if print == "" || prints[print] {
			t.Errorf("result %d: fingerprint %q", i, print)
		}
		prints[print] = true
	}
}

// GitHub closes an alert and opens another when the fingerprint moves. Lines move with every edit above.
func TestFingerprintsDoNotFollowTheLine(t *testing.T) {
	print := func(line int) string {
		return written(t, bake.AuditReport{Findings: []bake.Finding{finding("private-key", "/a", line)}}).Runs[0].Results[0].PartialFingerprints["primaryLocationLineHash"]
	}
	if print(1) != print(9) {
		t.Error("the fingerprint depends on the line")
	}
}

// Without a salt in bake.yaml the hash of a secret is another one in each run.
func TestFingerprintsDoNotFollowTheSalt(t *testing.T) {
	prints := func(salt string) (all []string) {
		a, b := finding("private-key", "/a", 1), finding("private-key", "/a", 9)
		a.Hash, b.Hash = salt+"1", salt+"2"
		for _, r := range written(t, bake.AuditReport{Findings: []bake.Finding{a, b}}).Runs[0].Results {
			all = append(all, r.PartialFingerprints["primaryLocationLineHash"])
		}
		return all
	}
	first, second := prints("aaaaaaaaaaa"), prints("bbbbbbbbbbb")
	if !slices.Equal(first, second) || first[0] == first[1] {
		t.Errorf("in one run %q, in the next %q", first, second)
	}
}

// GitHub wants the lists to be there when there is nothing in them.
func TestClean(t *testing.T) {
	var text bytes.Buffer
	if err := Write(&text, bake.AuditReport{}, nil); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`"results": []`, `"rules": []`, `"executionSuccessful": true`} {
		if !strings.Contains(text.String(), part) {
			t.Errorf("no %s in %s", part, text.String())
		}
	}
}

func TestTooMany(t *testing.T) {
	r := bake.AuditReport{}
	for range maxResults + 5 {
		r.Findings = append(r.Findings, finding("private-key", "/a", 1))
	}
	run := written(t, r).Runs[0]
	if len(run.Results) != maxResults || len(run.Invocations[0].ToolExecutionNotifications) != 1 {
		t.Errorf("%d results", len(run.Results))
	}
}
