package bake

// Description is what `leaven rules --output json` prints.
type Description struct {
	Schema   string            `json:"schema"` // "leaven/rules/1"
	Version  string            `json:"version"`
	Rules    []RuleDescription `json:"rules"`
	Profiles []Profile         `json:"profiles"`
	// Checks are what an audit looks for besides. Whoever describes a catalogue for people adds them.
	Checks []CheckDescription `json:"checks"`
}

// RuleDescription is a rule as documentation sees it.
type RuleDescription struct {
	ID        string      `json:"id"`
	Group     string      `json:"group"` // the software or the kind of thing that it is about
	Title     string      `json:"title"`
	Why       string      `json:"why"`
	Source    string      `json:"source"`
	Where     []string    `json:"where"`
	Named     []Reference `json:"named"` // configuration that names further places
	Except    []string    `json:"except"`
	When      []string    `json:"when"`
	Unless    []string    `json:"unless"`
	Busy      []string    `json:"busy"`  // left to the last stage while the system runs
	Holds     string      `json:"holds"` // what a file must hold
	Files     bool        `json:"files"` // folders of a matching name stay
	Unowned   bool        `json:"unowned"`
	Action    Action      `json:"action"`
	Stage     Stage       `json:"stage"`
	Held      bool        `json:"held"` // left to the last stage where one will run, else taken after all else
	Default   Default     `json:"default"`
	Severity  Severity    `json:"severity"`
	MadeAgain string      `json:"made_again"`
	Makers    []string    `json:"makers"`   // one of them must be in the image
	Commands  [][]string  `json:"commands"` // run first, on a live system
	Scripts   []string    `json:"scripts"`  // run afterwards, on a live system
	Origin    string      `json:"origin"`   // the file that a vendor's rule comes from; "" for a built-in one
}

// Describe documents a catalogue.
func Describe(version string, c *Catalogue) Description {
	d := Description{Schema: "leaven/rules/1", Version: version, Rules: []RuleDescription{}, Profiles: Profiles(), Checks: []CheckDescription{}}
	for _, r := range c.rules {
		makers := []string{}
		for _, m := range r.Makers {
			makers = append(makers, m.Name)
		}
		d.Rules = append(d.Rules, RuleDescription{
			ID: r.ID, Group: r.Group, Title: r.Title, Why: r.Why, Source: r.Source,
			Where: list(r.Where), Named: list(r.Named), Except: list(r.Except), When: list(r.When), Unless: list(r.Unless), Busy: list(r.Busy),
			Holds: r.Holds, Files: r.Files, Unowned: r.Unowned, Action: r.Action, Stage: r.Stage, Held: r.Held, Default: r.Default, Severity: r.Severity,
			MadeAgain: r.MadeAgain, Makers: makers, Commands: list(r.Before), Scripts: list(r.Scripts),
		})
	}
	return d
}

// list makes a nil list one that JSON writes as [].
func list[T any](l []T) []T { return append([]T{}, l...) }
