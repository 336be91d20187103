package sarif

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/leaven-dev/leaven/bake"
)

// maxResults is how many results GitHub takes of one run.
const maxResults = 25_000

// Write writes a report. Docs document rules and checks by their ids.
func Write(w io.Writer, r bake.AuditReport, docs map[string]bake.Check) error {
	found := r.Findings
	inv := invocation{ExecutionSuccessful: true, Notifications: []notification{}}
	if len(found) > maxResults {
		found = found[:maxResults]
		inv.note("warning", fmt.Sprintf("%d results are left out: a run may have %d", len(r.Findings)-maxResults, maxResults))
	}
	for _, n := range r.Notes {
		inv.note("note", n)
	}
	var ids []string
	for _, f := range found {
		if !slices.Contains(ids, f.Rule) {
			ids = append(ids, f.Rule)
		}
		inv.ExecutionSuccessful = inv.ExecutionSuccessful && f.State != bake.Unknown
	}
	slices.Sort(ids)
	rules := []rule{}
	for _, id := range ids {
		rules = append(rules, describe(id, docs[id]))
	}
	results := []result{}
	seen := map[string]int{}
	for _, f := range found {
		results = append(results, newResult(f, slices.Index(ids, f.Rule), seen))
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	enc.SetEscapeHTML(false)
	return enc.Encode(sarifLog{
		Schema:  "https://json.schemastore.org/sarif-2.1.0.json",
		Version: "2.1.0",
		Runs: []run{{
			Tool:              tool{driver{Name: "Leaven", Version: r.Version, InformationURI: "https://github.com/leaven-dev/leaven", Rules: rules}},
			AutomationDetails: automationDetails{ID: "leaven-audit/"},
			Invocations:       []invocation{inv},
			Results:           results,
			ColumnKind:        "unicodeCodePoints",
		}},
	})
}

func (i *invocation) note(level, text string) {
	i.Notifications = append(i.Notifications, notification{Level: level, Message: message{Text: text}})
}

// describe documents a rule; one that is not in the list, such as of a place that no rule could look at, by its id.
func describe(id string, c bake.Check) rule {
	if c.Title == "" {
		c.Title = strings.ReplaceAll(id, "-", " ")
	}
	why := c.Why
	if why == "" {
		why = c.Title
	}
	help := "Why: " + why + "."
	if c.Fix != "" {
		help += "\nCure: " + c.Fix + "."
	}
	if c.Source != "" {
		help += "\nSource: " + c.Source + "."
	}
	r := rule{
		ID: id, Name: camel(id),
		ShortDescription: message{Text: sentence(c.Title)}, FullDescription: message{Text: sentence(why)},
		Help:                 message{Text: help, Markdown: strings.ReplaceAll(help, "\n", "\n\n")},
		DefaultConfiguration: configuration{Level: "error"},
		Properties:           ruleProperties{Tags: []string{"security", "image"}, Precision: "high", SecuritySeverity: "8.0"},
	}
	if c.Severity == bake.Warning {
		r.DefaultConfiguration.Level, r.Properties.SecuritySeverity = "warning", "5.0"
	}
	return r
}

func sentence(text string) string {
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

// camel writes an id as the specification wants a rule's name (3.49.7): as one word.
func camel(id string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(id, "-") {
		if word != "" {
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return b.String()
}

// newResult is one finding. GitHub knows a result of an earlier run again by primaryLocationLineHash; it must not move when
// lines are added above, so it is made from the rule and the path, and what would be equal is counted. The hash of a secret is
// no part of it: without a salt of one's own it is another one in each run.
func newResult(f bake.Finding, index int, seen map[string]int) result {
	level := "error"
	switch {
	case f.State == bake.Pending:
		level = "note"
	case f.Severity == bake.Warning:
		level = "warning"
	}
	sum := sha256.Sum256([]byte(f.Rule + "\x00" + f.Path))
	print := hex.EncodeToString(sum[:8])
	seen[print]++
	text := f.Message
	if f.Fix != "" {
		text += ". Cure: " + f.Fix
	}
	return result{
		RuleID: f.Rule, RuleIndex: index, Level: level,
		Message: message{Text: text + "."},
		Locations: []location{{physicalLocation{
			ArtifactLocation: artifactLocation{URI: uri(f.Path)},
			Region:           region{StartLine: max(1, f.Line)},
		}}},
		PartialFingerprints: map[string]string{"primaryLocationLineHash": fmt.Sprintf("%s:%d", print, seen[print])},
		Properties:          resultProperties{State: string(f.State), Hash: f.Hash},
	}
}

// uri writes a path as a relative reference (RFC 3986, 3.3): what is no unreserved byte is percent-encoded, whatever
// encoding the name is in.
func uri(quoted string) string {
	name, err := bake.Unquote(quoted)
	if err != nil {
		name = quoted
	}
	name = strings.TrimPrefix(name, "/")
	if name == "" {
		return "."
	}
	var b strings.Builder
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~/", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
