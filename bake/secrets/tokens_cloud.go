package secrets

// cloudTokens are the credentials of clouds and of what manages them. The forms are the issuers' own, as documented in
// the places named, and as met in the wild where nothing is documented.
func cloudTokens() []token {
	return []token{
		// AWS IAM user guide, "Understanding unique ID prefixes"; the rest is base32, which has no 0, 1, 8 and 9.
		// With a date behind it, it is the scope of a signature, which is public.
		{id: "aws-access-key-id", title: "AWS access key", literals: []string{"AKIA", "ASIA", "ABIA", "ACCA", "A3T"},
			expr: `((?:AKIA|ASIA|ABIA|ACCA|A3T[A-Z0-9])[A-Z2-7]{16})(?:[^A-Z0-9%/]|%[^2]|/[^12]|$)`, revoke: "IAM console, security credentials"},
		// STS returns tokens that start with one of a few serialised headers.
		{id: "aws-session-token", title: "AWS session token", literals: []string{"IQoJb3JpZ2lu", "FwoGZXIvYXdz", "FQoGZXIvYXdz", "AgoJb3JpZ2lu"},
			expr: `[A-Za-z0-9+/]{100,}={0,2}`, revoke: "revoke the role's sessions in IAM"},
		{id: "aws-mws-token", title: "Amazon MWS token", literals: []string{"amzn.mws."},
			expr: `amzn\.mws\.[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`, revoke: "Seller Central"},
		{id: "aws-bedrock-key", title: "Amazon Bedrock API key", literals: []string{"ABSK", "bedrock-api-key-"},
			expr: `ABSK[A-Za-z0-9+/]{109,269}={0,2}|bedrock-api-key-[A-Za-z0-9+/]{60,}={0,2}`, revoke: "Bedrock console, API keys"},
		// cloud.google.com/docs/authentication/api-keys; OAuth client secrets and refresh tokens: developers.google.com/identity
		{id: "gcp-api-key", title: "Google API key", literals: []string{"AIza"}, expr: `(AIza[\w-]{35})(?:[^\w-]|$)`, revoke: "Google Cloud console, credentials"},
		{id: "gcp-oauth-secret", title: "Google OAuth client secret", literals: []string{"GOCSPX-"}, expr: `GOCSPX-[\w-]{28}`, revoke: "Google Cloud console, credentials"},
		{id: "gcp-oauth-token", title: "Google OAuth token", literals: []string{"ya29.", "1//0"}, expr: `ya29\.[\w-]{30,}|1//0[\w-]{40,}`, revoke: "myaccount.google.com, third-party access"},
		// Microsoft's 2021 change of key formats put a marker of four letters into each service's keys (Azure DevOps blog, "Azure key formats").
		{id: "azure-storage-key", title: "Azure storage or service key", literals: []string{"AccountKey=", "SharedAccessKey="},
			expr: `(?:AccountKey|SharedAccessKey)=([A-Za-z0-9+/]{42,86}={0,2})`, revoke: "rotate the key in the Azure portal"},
		{id: "azure-key", title: "Azure key", literals: []string{"+ASt", "+ABa", "ACDb"}, lead: `[A-Za-z0-9+/]{76}`, leads: 76, expr: `((?:\+ASt|\+ABa|ACDb)[A-Za-z0-9+/]{5}[AQgw]==)`, revoke: "rotate the key in the Azure portal", valid: mixedCase},
		{id: "azure-key", title: "Azure key", literals: []string{"+ACR", "AzSe", "AzFu", "AzCa", "+AEh", "+ASb", "AIoT"}, lead: `[A-Za-z0-9+/]{33,44}`, leads: 33, expr: `((?:\+ACR|AzSe|AzFu|AzCa|\+AEh|\+ASb|AIoT)[A-Za-z0-9+/]{5,6}={0,2})(?:[^A-Za-z0-9+/=]|$)`, revoke: "rotate the key in the Azure portal", valid: mixedCase},
		{id: "azure-devops-token", title: "Azure DevOps token", literals: []string{"JQQJ99"}, lead: `[A-Za-z0-9]{44,56}`, leads: 44, expr: `(JQQJ99[A-Za-z0-9]{20,36})(?:\W|$)`, revoke: "Azure portal"},
		// learn.microsoft.com/purview, "Microsoft Entra client secret"
		{id: "azure-client-secret", title: "Microsoft Entra client secret", literals: []string{"Q~"}, lead: `[\w~.]{3}\d`, leads: 4, expr: `(Q~[\w~.-]{31,34})(?:[^\w~.-]|$)`, revoke: "Entra admin center, app registrations", valid: mixedCase},
		{id: "azure-sas", title: "Azure shared access signature", literals: []string{"sig="}, expr: `sig=([A-Za-z0-9/+]{43}=|[A-Za-z0-9%]{43,73}%3[dD])`, revoke: "rotate the account's key"},
		{id: "digitalocean-token", title: "DigitalOcean token", literals: []string{"dop_v1_", "doo_v1_", "dor_v1_"}, expr: `do[opr]_v1_[0-9a-f]{64}`, revoke: "cloud.digitalocean.com, API"},
		{id: "heroku-token", title: "Heroku token", literals: []string{"HRKU-"}, expr: `HRKU-(?:AA[\w-]{58}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})`, revoke: "heroku authorizations:revoke"},
		{id: "alibaba-access-key", title: "Alibaba Cloud access key", literals: []string{"LTAI"}, expr: `(LTAI[A-Za-z0-9]{12,20})(?:[^A-Za-z0-9]|$)`, revoke: "RAM console"},
		{id: "tencent-secret-id", title: "Tencent Cloud secret id", literals: []string{"AKID"}, expr: `(AKID[A-Za-z0-9]{32})(?:[^A-Za-z0-9]|$)`, revoke: "CAM console"},
		{id: "yandex-key", title: "Yandex Cloud key", literals: []string{"AQVN", "YCA", "t1."},
			expr: `(AQVN[\w-]{35,38})(?:[^\w-]|$)|(YCA[\w-]{37})(?:[^\w-]|$)|t1\.[\w-]{10,}={0,2}\.[\w-]{86}={0,2}`, revoke: "Yandex Cloud console"},
		{id: "flyio-token", title: "Fly.io token", literals: []string{"fo1_", "fm1r_", "fm1a_", "fm2_"}, expr: `fo1_[\w-]{43}|fm(?:1[ar]|2)_[A-Za-z0-9+/]{100,}={0,3}`, revoke: "fly tokens revoke"},
		{id: "netlify-token", title: "Netlify token", literals: []string{"nfp_", "nfo_", "nfc_", "nfu_"}, expr: `nf[pocu]_[A-Za-z0-9]{36}`, revoke: "app.netlify.com, applications"},
		{id: "render-key", title: "Render API key", literals: []string{"rnd_"}, expr: `(rnd_[A-Za-z0-9]{32})(?:\W|$)`, revoke: "dashboard.render.com"},
		{id: "supabase-key", title: "Supabase key", literals: []string{"sbp_", "sb_secret_"}, expr: `sbp_[0-9a-f]{40}|sb_secret_[\w-]{31}`, revoke: "supabase.com, access tokens"},
		{id: "planetscale-secret", title: "PlanetScale secret", literals: []string{"pscale_tkn_", "pscale_pw_", "pscale_oauth_"}, expr: `pscale_(?:tkn|pw|oauth)_[\w=.-]{32,64}`, revoke: "app.planetscale.com"},
		{id: "aiven-token", title: "Aiven password", literals: []string{"AVNS_"}, expr: `AVNS_[\w-]{19}`, revoke: "console.aiven.io"},
		{id: "databricks-token", title: "Databricks token", literals: []string{"dapi", "dose"}, expr: `((?:dapi|dose)[0-9a-f]{32}(?:-\d)?)(?:\W|$)`, revoke: "workspace settings, developer"},
		{id: "clickhouse-key", title: "ClickHouse Cloud key", literals: []string{"4b1d"}, expr: `(4b1d[A-Za-z0-9]{38})(?:\W|$)`, revoke: "ClickHouse Cloud console", valid: mixedCase},
		{id: "mongodb-atlas-secret", title: "MongoDB Atlas service account secret", literals: []string{"mdb_sa_sk_"}, expr: `mdb_sa_sk_[\w-]{36,44}`, revoke: "Atlas, project access"},
		// developers.cloudflare.com/ssl/origin-configuration/origin-ca
		{id: "cloudflare-origin-ca-key", title: "Cloudflare origin CA key", literals: []string{"v1.0-"}, expr: `v1\.0-[0-9a-f]{24}-[0-9a-f]{146}`, revoke: "dash.cloudflare.com, API tokens"},
		{id: "cloudflare-token", title: "Cloudflare token", literals: []string{"cfut_", "cfat_", "cfk_"}, expr: `(?:cfut|cfat|cfk)_[\w-]{40,60}`, revoke: "dash.cloudflare.com, API tokens"},
		// tailscale.com/kb/1277/key-prefixes
		{id: "tailscale-key", title: "Tailscale key", literals: []string{"tskey-"}, expr: `tskey-(?:[a-z]+-)?[A-Za-z0-9]+(?:-[A-Za-z0-9]{10,})+`, revoke: "login.tailscale.com, keys"},
		// developer.hashicorp.com/vault/docs/concepts/tokens; the s. form is that of versions before 1.10
		{id: "vault-token", title: "HashiCorp Vault token", literals: []string{"hvs.", "hvb.", "hvr.", " s.", "=s.", "\"s.", "'s.", ":s."},
			expr: `hv[sbr]\.[\w-]{24,300}|[ ="':](s\.[A-Za-z0-9]{24})(?:[^\w.-]|$)`, revoke: "vault token revoke", valid: vaultToken},
		{id: "terraform-token", title: "Terraform Cloud token", literals: []string{".atlasv1."}, lead: `[A-Za-z0-9]{14}`, leads: 14, expr: `\.atlasv1\.[\w=-]{60,70}`, revoke: "app.terraform.io, tokens"},
		{id: "pulumi-token", title: "Pulumi token", literals: []string{"pul-"}, expr: `(pul-[0-9a-f]{40})(?:\W|$)`, revoke: "app.pulumi.com, access tokens"},
		{id: "doppler-token", title: "Doppler token", literals: []string{"dp.pt.", "dp.st.", "dp.ct.", "dp.sa.", "dp.scim.", "dp.audit."},
			expr: `dp\.(?:pt|st(?:\.[a-z0-9_-]{2,35})?|ct|sa|scim|audit)\.[A-Za-z0-9]{40,44}`, revoke: "dashboard.doppler.com"},
		{id: "1password-token", title: "1Password token or secret key", literals: []string{"ops_eyJ", "A3-"},
			expr: `ops_eyJ[A-Za-z0-9+/_-]{250,}={0,3}|A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}`, revoke: "1password.com, integrations"},
		{id: "openshift-token", title: "OpenShift token", literals: []string{"sha256~"}, expr: `sha256~[\w-]{43}`, revoke: "oc delete oauthaccesstoken"},
		{id: "exoscale-key", title: "Exoscale key", literals: []string{"EXO"}, expr: `(EXO[0-9a-f]{24})(?:\W|$)`, revoke: "portal.exoscale.com"},
		{id: "scaleway-key", title: "Scaleway access key", literals: []string{"SCW"}, expr: `(SCW[A-Z0-9]{17})(?:\W|$)`, revoke: "console.scaleway.com", valid: lettersAndDigits},
		{id: "authress-key", title: "Authress service client key", literals: []string{"sc_", "ext_", "scauth_", "authress_"},
			expr: `(?:sc|ext|scauth|authress)_[A-Za-z0-9]{5,30}\.[A-Za-z0-9]{4,6}\.acc[_-][A-Za-z0-9-]{10,32}\.[A-Za-z0-9+/_=-]{30,120}`, revoke: "authress.io"},
	}
}

func mixedCase(v []byte) bool {
	_, _, upper, lower := census(v)
	return upper > 2 && lower > 2
}

// lettersAndDigits: a few tokens in a thousand have no digit by chance, but then they are no words.
func lettersAndDigits(v []byte) bool {
	digits, _, _, _ := census(v)
	return digits > 0 && digits < len(v)-4 || mixedCase(v) && wordy(v) < 0.4
}

// vaultToken: the old form starts with s. only, as do sentences and members of structures.
func vaultToken(v []byte) bool { return v[0] == 'h' || mixedCase(v) && random(v[2:]) }
