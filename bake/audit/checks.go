package audit

import (
	"slices"

	"github.com/leaven-dev/leaven/bake"
	"github.com/leaven-dev/leaven/bake/accounts"
	"github.com/leaven-dev/leaven/bake/secrets"
)

// The ids of this package's own checks.
const (
	unread    = "secrets-unread"
	retouched = "package-checksums"
)

// Checks lists everything that an audit looks for besides what the catalogue has.
func Checks() []bake.Check {
	return slices.Concat(accounts.Checks(), ownChecks(), secretChecks())
}

func ownChecks() []bake.Check {
	return []bake.Check{
		{
			ID: unread, Title: "a file that was not searched for secrets",
			Why:    "nobody can tell what it holds",
			Source: "open(2)",
			Fix:    "run the audit as root on a file system that is whole; remove the file, or take it for good with --allow",
			// A finding of this check is always unknown; the severity only orders it.
			Severity: bake.Error,
		},
		{
			ID: retouched, Title: "a package's checksums changed and its version did not",
			Why:    "a file that was changed by hand can hide behind a checksum that was changed with it",
			Source: "deb-md5sums(5); rpm's FILEDIGESTS",
			Fix:    "install the package again", Severity: bake.Error,
		},
	}
}

// secretChecks documents the kinds of secrets as checks.
func secretChecks() []bake.Check {
	var all []bake.Check
	for _, r := range secrets.Rules() {
		all = append(all, bake.Check{ID: r.ID, Title: r.Title, Why: r.Why, Fix: r.Fix, Severity: severity(r.Severity)})
	}
	return all
}

func severity(s secrets.Severity) bake.Severity {
	if s == secrets.High {
		return bake.Error
	}
	return bake.Warning
}
