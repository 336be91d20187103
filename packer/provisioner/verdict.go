package provisioner

import (
	"errors"
	"fmt"
	"strings"

	"github.com/leaven-dev/leaven/bake/report"
)

// judge says why a run that came to its end does not leave a sealed image; nil when it does. The agent's own verdict is not
// enough for a pass: what it reported must agree.
func (r *Run) judge(s step, strict bool) error {
	wrong := r.wrong(strict)
	if *r.Exit == 0 && len(wrong) == 0 {
		return nil
	}
	message := s.failed
	if *r.Exit > 1 {
		message = fmt.Sprintf("`leaven %s` cannot tell", r.Command)
	}
	if r.Error != "" {
		message += ": " + r.Error
	} else if *r.Exit != 0 {
		message += fmt.Sprintf(" (exit status %d)", *r.Exit)
	}
	const shown = 3
	for i, what := range wrong {
		if i == shown {
			message += fmt.Sprintf("; and %d more", len(wrong)-shown)
			break
		}
		message += "; " + what
	}
	return errors.New(message)
}

// wrong lists the changes and findings that no sealed image has.
func (r *Run) wrong(strict bool) []string {
	var wrong []string
	for _, c := range r.Changes {
		if c.Result == report.Failed || c.Result == report.Refused {
			wrong = append(wrong, fmt.Sprintf("%s: %s: %s", c.Rule, c.Path, c.Message))
		}
	}
	for _, f := range r.Findings {
		counts := f.State == report.Unknown || f.Severity != report.Warning || strict
		if f.State != report.Pending && counts {
			wrong = append(wrong, fmt.Sprintf("%s: %s: %s", f.Rule, f.Path, f.Message))
		}
	}
	return wrong
}

// summary is one line about a build that sealed its image.
func (r *Report) summary() string {
	var done, pending, warnings int
	var bytes int64
	rules := map[string]bool{}
	audited := false
	for _, run := range r.Runs {
		for _, c := range run.Changes {
			if run.Command == "bake" && c.Result == report.Done {
				done++
				bytes += c.Bytes
				rules[c.Rule] = true
			}
		}
		audited = audited || run.Command == "audit"
		for _, f := range run.Findings {
			if f.State == report.Pending {
				pending++
			} else {
				warnings++
			}
		}
	}
	parts := []string{fmt.Sprintf("%s by %s, %s gone", count(done, "change"), count(len(rules), "rule"), size(bytes))}
	if audited {
		parts = append(parts, "audit clean")
	}
	if warnings > 0 {
		parts = append(parts, count(warnings, "warning"))
	}
	if pending > 0 {
		parts = append(parts, fmt.Sprintf("%d to go at shutdown", pending))
	}
	return strings.Join(append(parts, fmt.Sprintf("%.1f s", r.Finished.Sub(r.Started).Seconds())), "; ")
}
