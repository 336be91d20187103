package secrets

// platformTokens are those of what applications run on and are glued together with: hosting, databases, automation.
func platformTokens() []token {
	return []token{
		{id: "apify-token", title: "Apify token", literals: []string{"apify_api_"}, expr: `apify_api_[A-Za-z0-9]{36}`, revoke: "console.apify.com, integrations"},
		{id: "axiom-token", title: "Axiom token", literals: []string{"xaat-", "xapt-"}, expr: `xa[ap]t-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`, revoke: "app.axiom.co, settings"},
		{id: "cerebras-key", title: "Cerebras key", literals: []string{"csk-"}, expr: `(csk-[a-z0-9]{48})(?:\W|$)`, revoke: "cloud.cerebras.ai", valid: lettersAndDigits},
		{id: "cockroach-key", title: "CockroachDB Cloud key", literals: []string{"CCDB1_"}, expr: `CCDB1_[A-Za-z0-9]{22}_[A-Za-z0-9]{40}`, revoke: "cockroachlabs.cloud, service accounts"},
		{id: "deno-token", title: "Deno Deploy token", literals: []string{"ddp_", "ddw_"}, expr: `(dd[pw]_[A-Za-z0-9]{36})(?:\W|$)`, revoke: "dash.deno.com, access tokens"},
		{id: "e2b-key", title: "E2B key", literals: []string{"e2b_"}, expr: `(e2b_[0-9a-f]{40})(?:\W|$)`, revoke: "e2b.dev, dashboard"},
		{id: "elastic-cloud-key", title: "Elastic Cloud key", literals: []string{"essu_"}, expr: `essu_[A-Za-z0-9+/_-]{40,120}={0,2}`, revoke: "cloud.elastic.co, API keys"},
		{id: "firecrawl-key", title: "Firecrawl key", literals: []string{"fc-"}, expr: `(fc-[0-9a-f]{32})(?:[^\w-]|$)`, revoke: "firecrawl.dev, API keys"},
		{id: "freemius-secret", title: "Freemius secret key", literals: []string{"secret_key' => 'sk_", `secret_key" => "sk_`}, expr: `secret_key['"] => ['"](sk_\S{29})['"]`, revoke: "dashboard.freemius.com"},
		{id: "inngest-key", title: "Inngest signing key", literals: []string{"signkey-"}, expr: `signkey-(?:prod|branch|test)-[0-9a-f]{64}`, revoke: "app.inngest.com"},
		{id: "neon-key", title: "Neon key", literals: []string{"napi_"}, expr: `(napi_[a-z0-9]{64})(?:\W|$)`, revoke: "console.neon.tech, API keys"},
		{id: "nightfall-key", title: "Nightfall key", literals: []string{"NF-"}, expr: `(NF-[A-Za-z0-9]{32})(?:[^\w-]|$)`, revoke: "app.nightfall.ai", valid: lettersAndDigits},
		{id: "ntfy-token", title: "ntfy token", literals: []string{"tk_"}, expr: `(tk_[a-z0-9]{29})(?:\W|$)`, revoke: "ntfy token remove", valid: lettersAndDigits},
		{id: "pganalyze-key", title: "pganalyze key", literals: []string{"pgar_"}, expr: `(pgar_[A-Za-z0-9]{27})(?:\W|$)`, revoke: "app.pganalyze.com"},
		{id: "ramp-secret", title: "Ramp client secret", literals: []string{"ramp_sec_"}, expr: `(ramp_sec_[A-Za-z0-9]{48})(?:\W|$)`, revoke: "app.ramp.com, developer"},
		{id: "redhat-token", title: "Red Hat API token", literals: []string{"rh-api-"}, expr: `rh-api-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`, revoke: "console.redhat.com"},
		{id: "resend-key", title: "Resend key", literals: []string{"re_"}, expr: `(re_[A-Za-z0-9]{8}_[A-Za-z0-9]{22,26})(?:\W|$)`, revoke: "resend.com/api-keys", valid: mixedCase},
		{id: "rootly-key", title: "Rootly key", literals: []string{"rootly_"}, expr: `(rootly_[0-9a-f]{64})(?:\W|$)`, revoke: "rootly.com, API keys"},
		{id: "salad-key", title: "Salad Cloud key", literals: []string{"salad_cloud_"}, expr: `salad_cloud_[0-9A-Za-z]{1,7}_[0-9A-Za-z]{20,235}`, revoke: "portal.salad.com"},
		{id: "salesforce-consumer-key", title: "Salesforce consumer key", literals: []string{"3MVG9"}, expr: `3MVG9[0-9A-Za-z._+/=]{80,251}`, revoke: "Salesforce setup, connected apps"},
		{id: "softlayer-key", title: "SoftLayer key in an address", literals: []string{"api.softlayer.com/"}, expr: `api\.softlayer\.com/soap/v3(?:\.1)?/([a-z0-9]{64})`, revoke: "cloud.ibm.com, access"},
		{id: "spectral-key", title: "Spectral key", literals: []string{"spu-"}, expr: `(spu-[a-z0-9]{32})(?:[^\w-]|$)`, revoke: "get.spectralops.io", valid: lettersAndDigits},
		{id: "square-secret", title: "Square identity secret", literals: []string{"sandbox-sq0", "sq0i"}, expr: `sandbox-sq0[a-z]{3}-[\w-]{22,50}|sq0i[a-z]{2}-[\w-]{22,43}`, revoke: "developer.squareup.com"},
		{id: "stripe-intent-secret", title: "client secret of a Stripe payment", literals: []string{"pi_"}, expr: `(pi_[A-Za-z0-9]{24}_secret_[A-Za-z0-9]{25})(?:\W|$)`, revoke: "cancel the payment"},
		{id: "stytch-secret", title: "Stytch secret", literals: []string{"secret-live-", "secret-test-"}, expr: `secret-(?:live|test)-[\w-]{35}=`, revoke: "stytch.com/dashboard"},
		{id: "tines-webhook", title: "Tines webhook", literals: []string{".tines.com/webhook/"}, expr: `\.tines\.com/webhook/([a-z0-9]{32}/[a-z0-9]{32})`, revoke: "the story's webhook action"},
		{id: "ubidots-token", title: "Ubidots token", literals: []string{"BBFF-", "BBUS-"}, expr: `(BB(?:FF|US)-[0-9A-Za-z]{30})(?:\W|$)`, revoke: "ubidots.com, API credentials"},
		{id: "voiceflow-key", title: "Voiceflow key", literals: []string{"VF."}, expr: `VF\.(?:(?:DM|WS)\.)?[0-9a-fA-F]{24}\.[A-Za-z0-9]{16}`, revoke: "creator.voiceflow.com"},
		{id: "voyage-key", title: "Voyage AI key", literals: []string{"pa-"}, expr: `(pa-[\w-]{43})(?:[^\w-]|$)`, revoke: "dash.voyageai.com", valid: mixedCase},
		{id: "wakatime-key", title: "WakaTime key", literals: []string{"waka_"}, expr: `waka_[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`, revoke: "wakatime.com/settings"},
		{id: "zapier-webhook", title: "Zapier webhook", literals: []string{"hooks.zapier.com/hooks/catch/"}, expr: `hooks\.zapier\.com/hooks/catch/(\d{5,12}/[A-Za-z0-9]{6,12})`, revoke: "the Zap's trigger"},
		{id: "zoho-token", title: "Zoho token", literals: []string{"1000."}, expr: `(1000\.[0-9a-f]{32}\.[0-9a-f]{32})(?:\W|$)`, revoke: "api-console.zoho.com"},
	}
}
