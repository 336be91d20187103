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
}

// In is the severity in a profile; empty where the check is not reported.
func (c Check) In(profile string) Severity {
	if s, differs := c.Profiles[profile]; differs {
		return s
	}
	return c.Severity
}
