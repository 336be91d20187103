package bake

import "slices"

// Builtin is the catalogue's rules in their order, with those of plugins where they belong: before the general ones, so that
// what is particular wins.
func Builtin(plugins []Rule) []Rule {
	rules := slices.Clone(plugins)
	for _, g := range []struct {
		name  string
		rules []Rule
	}{
		{"leaven", baselineRules()},
		{"identity", hostKeyRules()},
		{"identity", identityRules()},
		{"network", networkRules()},
		{"storage", storageRules()},
		{"accounts", accountRules()},
		{"keys", keyRules()},
		{"domains", domainRules()},
		{"credentials", credentialRules()},
		{"users", userRules()},
		{"spools", spoolRules()},
		{"caches", cacheRules()},
		{"system", systemRules()},
		{"logs", logRules()},
		{"logs", remainingLogRules()},
	} {
		for _, r := range g.rules {
			r.Group = g.name
			rules = append(rules, r)
		}
	}
	return rules
}
