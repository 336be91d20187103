package secrets

// A Rule describes one kind of secret, for `leaven rules` and the documentation.
type Rule struct {
	ID       string
	Title    string // what it is
	Why      string // what somebody could do with it
	Fix      string // the cure
	Severity Severity
}

// rank decides which of two hits on the same bytes is reported: the one that says more.
type rank uint8

const (
	rankGuess  rank = iota // an assignment whose name and value look like a secret
	rankNamed              // an assignment that names an issuer, a command line, a URL
	rankFormat             // a field of a file format that holds secrets
	rankExact              // a token or key with a form of its own
)

// rule is what hits are made from.
type rule struct {
	Rule
	rank rank
}

// Rules lists all kinds of secrets that a scanner finds, in the order of the documentation.
func Rules() []Rule {
	var out []Rule
	for _, r := range catalogue() {
		out = append(out, r.Rule)
	}
	return out
}
