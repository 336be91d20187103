package secrets

// forgeTokens are those of code forges, package registries and build services.
func forgeTokens() []token {
	return []token{
		// docs.github.com, "GitHub's token formats": 36 characters, the last six a checksum
		{id: "github-token", title: "GitHub token", literals: []string{"ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"},
			expr: `gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_\w{82}`, revoke: "github.com/settings/tokens"},
		// docs.gitlab.com/security/tokens, "Token prefixes"
		{id: "gitlab-token", title: "GitLab token", literals: []string{"glpat-", "gldt-", "glrt-", "glrtr-", "glptt-", "glcbt-", "glft-", "glimt-", "glagent-", "glwt-", "glsoat-", "glffct-", "gloas-", "GR1348941", "_gitlab_session="},
			expr:   `gl(?:pat|dt|rtr?|ptt|ft|imt|agent|wt|soat|ffct|oas)-[\w-]{20,300}(?:\.[0-9a-z]{2}\.?[0-9a-z]{7,9})?|glcbt-[0-9a-zA-Z]{1,5}_[\w-]{20}|GR1348941[\w-]{20}|_gitlab_session=([0-9a-z]{32})`,
			revoke: "GitLab, access tokens"},
		// support.atlassian.com: app passwords ATBB, repository tokens ATCT, API tokens ATATT3; Trello ATTA
		{id: "atlassian-token", title: "Atlassian or Bitbucket token", literals: []string{"ATATT3", "ATBB", "ATCTT3", "ATOA", "ATTA", "ATSTT3"},
			expr: `AT(?:ATT3|CTT3|STT3)[\w=-]{50,250}|(ATBB[A-Za-z0-9]{28,40})(?:\W|$)|(ATTA[0-9a-f]{72})(?:\W|$)|(ATOA[\w=-]{40,200})(?:\W|$)`, revoke: "id.atlassian.com, security"},
		{id: "sourcegraph-token", title: "Sourcegraph token", literals: []string{"sgp_"}, expr: `sgp_(?:(?:[0-9a-fA-F]{16}|local)_)?[0-9a-fA-F]{40}`, revoke: "Sourcegraph, access tokens"},
		{id: "npm-token", title: "npm token", literals: []string{"npm_"}, expr: `(npm_[A-Za-z0-9]{36})(?:[^A-Za-z0-9]|$)`, revoke: "npm token revoke"},
		// pypi.org/help: a macaroon, whose first bytes name its location
		{id: "pypi-token", title: "PyPI token", literals: []string{"pypi-AgEIcHlwaS5vcmc", "pypi-AgENdGVzdC5weXBpLm9yZw"}, expr: `pypi-Ag[\w-]{60,}`, revoke: "pypi.org, account settings"},
		{id: "rubygems-key", title: "RubyGems API key", literals: []string{"rubygems_"}, expr: `rubygems_[0-9a-f]{48}`, revoke: "rubygems.org, API keys"},
		{id: "nuget-key", title: "NuGet API key", literals: []string{"oy2"}, expr: `(oy2[a-z0-9]{43})(?:\W|$)`, revoke: "nuget.org, API keys", valid: lettersAndDigits},
		{id: "crates-token", title: "crates.io token", literals: []string{"cio"}, expr: `(cio[A-Za-z0-9]{32})(?:\W|$)`, revoke: "crates.io, API tokens", valid: lettersAndDigits},
		{id: "clojars-token", title: "Clojars token", literals: []string{"CLOJARS_"}, expr: `CLOJARS_[0-9a-zA-Z]{60}`, revoke: "clojars.org, tokens"},
		{id: "docker-token", title: "Docker Hub token", literals: []string{"dckr_pat_", "dckr_oat_"}, expr: `dckr_[po]at_[\w-]{27,60}`, revoke: "app.docker.com, access tokens"},
		{id: "artifactory-token", title: "Artifactory key", literals: []string{"AKCp", "cmVmd"}, expr: `(AKCp[A-Za-z0-9]{69})(?:\W|$)|(cmVmd[A-Za-z0-9]{59})(?:\W|$)`, revoke: "JFrog, user profile"},
		{id: "circleci-token", title: "CircleCI token", literals: []string{"CCIPAT_", "CCIPRJ_"}, expr: `CCIP(?:AT|RJ)_[A-Za-z0-9]{20,24}_[0-9a-f]{40}`, revoke: "app.circleci.com, tokens"},
		{id: "buildkite-token", title: "Buildkite token", literals: []string{"bkua_", "bkaj_", "bkct_"}, expr: `bk(?:ua|aj|ct)_[0-9a-zA-Z._-]{40,}`, revoke: "buildkite.com, API access tokens"},
		{id: "harness-token", title: "Harness token", literals: []string{"pat.", "sat."}, expr: `[ps]at\.[\w-]{22}\.[0-9a-zA-Z]{24}\.[0-9a-zA-Z]{20}`, revoke: "app.harness.io, profile"},
		{id: "octopus-key", title: "Octopus Deploy key", literals: []string{"API-"}, expr: `(API-[A-Z0-9]{25,29})(?:\W|$)`, revoke: "Octopus, my profile", valid: lettersAndDigits},
		{id: "sonar-token", title: "SonarQube token", literals: []string{"squ_", "sqp_", "sqa_"}, expr: `(sq[upa]_[0-9a-f]{40})(?:\W|$)`, revoke: "SonarQube, my account, security"},
		{id: "snyk-token", title: "Snyk token", literals: []string{"snyk_uat.", "snyk_sat."}, expr: `snyk_[us]at\.[0-9a-f]{8}\.[\w.-]{40,}`, revoke: "app.snyk.io"},
		{id: "postman-key", title: "Postman API key", literals: []string{"PMAK-", "PMAT-"}, expr: `PMAK-[0-9a-fA-F]{24}-[0-9a-fA-F]{34}|PMAT-[0-9A-Z]{26}`, revoke: "postman.co, API keys"},
		{id: "readme-key", title: "ReadMe API key", literals: []string{"rdme_"}, expr: `rdme_[a-z0-9]{70}`, revoke: "dash.readme.com"},
		{id: "prefect-key", title: "Prefect API key", literals: []string{"pnu_", "pnb_"}, expr: `pn[ub]_[A-Za-z0-9]{36}`, revoke: "app.prefect.cloud"},
		{id: "infracost-key", title: "Infracost API key", literals: []string{"ico-"}, expr: `(ico-[A-Za-z0-9]{32})(?:\W|$)`, revoke: "dashboard.infracost.io", valid: mixedCase},
		{id: "scalingo-token", title: "Scalingo token", literals: []string{"tk-us-"}, expr: `(tk-us-[\w-]{48})(?:[^\w-]|$)`, revoke: "dashboard.scalingo.com"},
		{id: "launchdarkly-key", title: "LaunchDarkly key", literals: []string{"sdk-", "api-", "mob-"}, expr: `((?:sdk|api|mob)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:[^\w-]|$)`, revoke: "app.launchdarkly.com"},
		{id: "linear-key", title: "Linear key", literals: []string{"lin_api_", "lin_oauth_"}, expr: `lin_(?:api|oauth)_[0-9a-zA-Z]{40,64}`, revoke: "linear.app, settings"},
		{id: "notion-token", title: "Notion token", literals: []string{"ntn_", "secret_"}, expr: `(ntn_[0-9]{11}[A-Za-z0-9]{35})(?:\W|$)|(secret_[A-Za-z0-9]{43})(?:\W|$)`, revoke: "notion.so, integrations", valid: lettersAndDigits},
		{id: "figma-token", title: "Figma token", literals: []string{"figd_", "figu_"}, expr: `fig[du]_[\w-]{40,}`, revoke: "figma.com, settings"},
		{id: "airtable-token", title: "Airtable token", literals: []string{"pat"}, expr: `(pat[0-9A-Za-z]{14}\.[0-9a-f]{64})(?:\W|$)`, revoke: "airtable.com/create/tokens"},
		{id: "asana-token", title: "Asana token", literals: []string{"1/1", "1/2", "1/3", "1/4", "1/5", "1/6", "1/7", "1/8", "1/9", "2/1", "2/2", "2/3", "2/4", "2/5", "2/6", "2/7", "2/8", "2/9"}, expr: `([12]/\d{13,17}(?:/\d{13,17})?:[0-9a-f]{32})(?:\W|$)`, revoke: "app.asana.com, developer console"},
		{id: "clickup-token", title: "ClickUp token", literals: []string{"pk_"}, expr: `(pk_\d{5,10}_[A-Z0-9]{32})(?:\W|$)`, revoke: "app.clickup.com"},
		{id: "typeform-token", title: "Typeform token", literals: []string{"tfp_"}, expr: `tfp_[\w.=-]{59}`, revoke: "admin.typeform.com"},
		{id: "contentful-token", title: "Contentful token", literals: []string{"CFPAT-"}, expr: `CFPAT-[\w-]{43}`, revoke: "app.contentful.com"},
		{id: "frameio-token", title: "Frame.io token", literals: []string{"fio-u-"}, expr: `fio-u-[\w=-]{64}`, revoke: "developer.frame.io"},
		{id: "settlemint-token", title: "SettleMint token", literals: []string{"sm_aat_", "sm_pat_", "sm_sat_"}, expr: `(sm_[aps]at_[A-Za-z0-9]{16})(?:\W|$)`, revoke: "console.settlemint.com"},
		{id: "adobe-secret", title: "Adobe client secret", literals: []string{"p8e-", "p8e_"}, expr: `(p8e[-_][A-Za-z0-9_-]{32})(?:[^\w-]|$)`, revoke: "developer.adobe.com/console"},
		{id: "intra42-secret", title: "Intra42 client secret", literals: []string{"s-s4t2ud-", "s-s4t2af-"}, expr: `s-s4t2(?:ud|af)-[0-9a-f]{64}`, revoke: "profile.intra.42.fr"},
		{id: "defined-networking-token", title: "Defined Networking token", literals: []string{"dnkey-"}, expr: `dnkey-[A-Za-z0-9=_-]{26}-[A-Za-z0-9=_-]{52}`, revoke: "admin.defined.net"},
		{id: "maxmind-key", title: "MaxMind licence key", literals: []string{"_mmk"}, lead: `\w{6}_\w{29}`, leads: 36, expr: `(_mmk)(?:\W|$)`, revoke: "maxmind.com, licence keys"},
		{id: "rancher-token", title: "Rancher token", literals: []string{"token-"}, expr: `token-[a-z0-9]{5}:[a-z0-9]{54}`, revoke: "Rancher, account and API keys"},
		// kubernetes.io/docs, "Bootstrap tokens": only together with the command or field that takes them
		{id: "kubeadm-token", title: "Kubernetes bootstrap token", literals: []string{"--token ", "token: ", `token: "`, "tlsBootstrapToken: "}, expr: `[\w-]+:? "?([a-z0-9]{6}\.[a-z0-9]{16})(?:\W|$)`, revoke: "kubeadm token delete"},
	}
}
