package bake

// Description is what `leaven rules --output json` prints.
type Description struct {
	Schema  string            `json:"schema"` // "leaven/rules/1"
	Version string            `json:"version"`
	Rules   []RuleDescription `json:"rules"`
}

// RuleDescription is a rule as documentation sees it.
type RuleDescription struct {
	ID        string   `json:"id"`
	Title     string   `json:"title"`
	Why       string   `json:"why"`
	Source    string   `json:"source"`
	Where     []string `json:"where"`
	Except    []string `json:"except"`
	When      []string `json:"when"`
	Action    Action   `json:"action"`
	Stage     Stage    `json:"stage"`
	Default   Default  `json:"default"`
	Severity  Severity `json:"severity"`
	MadeAgain string   `json:"made_again"`
	Makers    []string `json:"makers"` // one of them must be in the image
}

// Describe documents a catalogue.
func Describe(version string, c *Catalogue) Description {
	d := Description{Schema: "leaven/rules/1", Version: version, Rules: []RuleDescription{}}
	for _, r := range c.rules {
		makers := []string{}
		for _, m := range r.Makers {
			makers = append(makers, m.Name)
		}
		d.Rules = append(d.Rules, RuleDescription{
			ID: r.ID, Title: r.Title, Why: r.Why, Source: r.Source, Where: r.Where, Except: append([]string{}, r.Except...),
			When: append([]string{}, r.When...), Action: r.Action, Stage: r.Stage, Default: r.Default, Severity: r.Severity,
			MadeAgain: r.MadeAgain, Makers: makers,
		})
	}
	return d
}
