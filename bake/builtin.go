package bake

import "slices"

// Builtin is the catalogue's rules in their order, with those of plugins where they belong: before the general ones, so that
// what is particular wins.
func Builtin(plugins []Rule) []Rule {
	return slices.Concat(plugins, identityRules(), networkRules(), storageRules(), accountRules(), keyRules(), domainRules(), credentialRules(), userRules(),
		spoolRules(), cacheRules(), systemRules(), logRules(), remainingLogRules())
}
