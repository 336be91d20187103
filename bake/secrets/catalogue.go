package secrets

import "slices"

// A trigger is a set of literals, in lower case, and who looks closer where one of them stands.
type trigger struct {
	literals []string
	find     finder
}

// allTokens lists the tokens, in the order of the documentation.
func allTokens() []token {
	return slices.Concat(keyTokens(), cloudTokens(), forgeTokens(), serviceTokens(), platformTokens())
}

// allFormats lists the file formats; the first that fits a file counts.
func allFormats() []format {
	return slices.Concat(toolFormats(), serverFormats(), networkFormats())
}

// catalogue lists every rule, in the order of the documentation.
func catalogue() []rule {
	out := keyRules()
	for _, t := range allTokens() {
		if !slices.ContainsFunc(out, func(r rule) bool { return r.ID == t.id }) {
			out = append(out, t.rule())
		}
	}
	for _, t := range allFormats() {
		out = append(out, t.rule())
	}
	for _, p := range commandPatterns() {
		out = append(out, p.rule())
	}
	return append(out, guessRules()...)
}

// triggers lists what the search looks for.
func triggers(rules map[string]*rule) []trigger {
	var out []trigger
	for _, t := range allTokens() {
		out = append(out, t.triggers(rules[t.id])...)
	}
	for _, p := range commandPatterns() {
		out = append(out, p.trigger(rules[p.id]))
	}
	return append(out,
		trigger{[]string{"-----begin ", "---- begin ssh2"}, (*feed).pemKey},
		trigger{[]string{"eyj"}, (*feed).jwt},
		trigger{[]string{"akia", "asia"}, (*feed).awsSecret},
		trigger{[]string{"://"}, (*feed).urlPassword},
		trigger{[]string{"kind: secret", "kind: 'secret'", `kind: "secret"`}, (*feed).kubernetesSecret},
		trigger{[]string{"%3d", "%3a", "%22", "%0a", "%2b", `\u00`, `\x3d`, "=3d", "&#61;", "&#x3d;", "&#58;"}, (*feed).escaped},
		trigger{[]string{"pass", "pwd", "secret", "token", "cred", "psk", "key", "pw", "jwt", "auth", "_pat", "salt"}, (*feed).assignment},
	)
}

// keyRules are those of pem.go and keyfile.go.
func keyRules() []rule {
	const why = "whoever starts a machine from the image can decrypt, sign and log in in the key owner's place"
	const fix = "remove the key, replace it wherever its public half is trusted, and make or fetch a new one at first boot"
	key := func(id, title string, s Severity) rule {
		return rule{rank: rankExact, Rule: Rule{ID: id, Title: title, Why: why, Fix: fix, Severity: s}}
	}
	return []rule{
		key("private-key", "private key", High),
		key("private-key-encrypted", "private key under a passphrase", Low),
		key("pgp-key", "PGP private key", High),
		key("openvpn-key", "OpenVPN static key", High),
		key("gcp-service-account", "key of a Google Cloud service account", High),
		key("der-key", "private key in DER", High),
		key("keystore", "keystore with private keys", High),
		key("keytab", "Kerberos keytab", High),
		key("dropbear-key", "Dropbear host key", High),
	}
}

// guessRules are for what is known by its surroundings only.
func guessRules() []rule {
	const fix = "remove it from the image, change it, and fetch it at boot; if it is no secret, put its hash on the allow list"
	guess := func(id, title, why string, s Severity, k rank) rule {
		return rule{rank: k, Rule: Rule{ID: id, Title: title, Why: why, Fix: fix, Severity: s}}
	}
	const why = "whoever starts a machine from the image can read it"
	return []rule{
		guess("aws-secret-access-key", "AWS secret access key", why, High, rankExact),
		guess("jwt", "JSON Web Token", "it logs in as its subject until it expires", High, rankExact),
		guess("kubernetes-secret", "Kubernetes Secret", why, High, rankNamed),
		guess("url-password", "password in a URL", why, High, rankNamed),
		guess("service-key", "key or token of a known service", why, High, rankNamed),
		guess("key-assignment", "key or token", why, Low, rankGuess),
		guess("password-assignment", "password", why, Low, rankGuess),
	}
}

// of names the service that a hit belongs to.
func (r *rule) of(service string) *rule {
	named := *r
	named.Title = service + " key or token"
	return &named
}
