package bake

// baselineRules take out what an audit remembers of a build.
func baselineRules() []Rule {
	return []Rule{{
		ID:        "leaven-baseline",
		Title:     "list of the files that there were when the build began",
		Why:       "it names every file of the build machine with its checksum",
		Source:    "leaven bake --baseline",
		Where:     []string{"/var/lib/leaven/baseline"},
		Action:    Delete,
		Stage:     Shutdown, // the audit before the last stage needs it
		MadeAgain: "nothing needs it",
	}}
}
