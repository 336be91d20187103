package bake

// A Check is something that an audit looks for that is no path: the state of an account, a setting, a secret. It is
// documented like a rule and has an id like one, so that --skip, --only and allow lists take it; baking leaves it alone.
type Check struct {
	ID     string
	Title  string
	Why    string // what happens when it stays: one sentence
	Source string
	Fix    string

	Severity Severity            // empty: not reported
	Profiles map[string]Severity // where a profile differs

	// Rules are those of the catalogue that take care of the same thing: what they find in the same file needs no second
	// finding.
	Rules []string
}

// In is the severity in a profile; empty where the check is not reported.
func (c Check) In(profile string) Severity {
	if s, differs := c.Profiles[profile]; differs {
		return s
	}
	return c.Severity
}

// CheckDescription is a check as documentation sees it.
type CheckDescription struct {
	ID       string              `json:"id"`
	Title    string              `json:"title"`
	Why      string              `json:"why"`
	Source   string              `json:"source"`
	Fix      string              `json:"fix"`
	Severity Severity            `json:"severity"` // "" where only some profiles report it
	Profiles map[string]Severity `json:"profiles"` // where a profile differs
}

// DescribeChecks documents checks.
func DescribeChecks(checks []Check) []CheckDescription {
	all := []CheckDescription{}
	for _, c := range checks {
		profiles := c.Profiles
		if profiles == nil {
			profiles = map[string]Severity{}
		}
		all = append(all, CheckDescription{ID: c.ID, Title: c.Title, Why: c.Why, Source: c.Source, Fix: c.Fix, Severity: c.Severity, Profiles: profiles})
	}
	return all
}
