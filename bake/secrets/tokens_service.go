package secrets

// serviceTokens are those of messaging, mail, payment, monitoring and model providers.
func serviceTokens() []token {
	return append(append(chatTokens(), moneyTokens()...), append(watchTokens(), modelTokens()...)...)
}

func chatTokens() []token {
	return []token{
		// api.slack.com/concepts/token-types
		{id: "slack-token", title: "Slack token", literals: []string{"xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxo-", "xoxe-", "xoxe.xox", "xoxc-", "xoxd-", "xapp-"},
			expr: `xox[bpecd]-[0-9A-Za-z%-]{18,300}|xox[arso]-[0-9A-Za-z-]{8,120}|xoxe\.xox[bp]-\d-[A-Za-z0-9]{100,200}|xapp-\d-[A-Z0-9]+-\d+-[a-z0-9]+`, revoke: "api.slack.com/apps", valid: lettersAndDigits},
		{id: "slack-webhook", title: "Slack webhook", literals: []string{"hooks.slack.com/"}, expr: `hooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9+/]{40,60})`, revoke: "api.slack.com/apps", valid: lettersAndDigits},
		{id: "discord-webhook", title: "Discord webhook", literals: []string{"discord.com/api/webhooks/", "discordapp.com/api/webhooks/"}, expr: `discord(?:app)?\.com/api/webhooks/(\d{15,20}/[\w-]{60,90})`, revoke: "the channel's integrations"},
		// The first part is the bot's number in base64, so it starts with one of few letters and ends at a full stop.
		{id: "discord-token", title: "Discord bot token", literals: []string{".G", ".X", ".Y", ".Z"}, lead: `[MNO][\w-]{23,27}`, leads: 24, expr: `(\.[GXYZ][\w-]{5}\.[\w-]{27,38})(?:[^\w-]|$)`, revoke: "discord.com/developers", valid: lettersAndDigits},
		{id: "telegram-token", title: "Telegram bot token", literals: []string{":AA"}, lead: `\d{8,10}`, leads: 8, expr: `(:AA[\w-]{32,33})(?:[^\w-]|$)`, revoke: "@BotFather, /revoke"},
		{id: "teams-webhook", title: "Microsoft Teams webhook", literals: []string{".webhook.office.com/webhookb2/"},
			expr: `\.webhook\.office\.com/webhookb2/([0-9a-z-]{36}@[0-9a-z-]{36}/IncomingWebhook/[0-9a-z]{32}/[0-9a-z-]{36})`, revoke: "the channel's connectors"},
		{id: "twilio-key", title: "Twilio API key", literals: []string{"SK0", "SK1", "SK2", "SK3", "SK4", "SK5", "SK6", "SK7", "SK8", "SK9", "SKa", "SKb", "SKc", "SKd", "SKe", "SKf"},
			expr: `(SK[0-9a-f]{32})(?:\W|$)`, revoke: "console.twilio.com, API keys"},
		{id: "sendgrid-key", title: "SendGrid API key", literals: []string{"SG."}, expr: `SG\.[\w-]{16,32}\.[\w-]{16,64}`, revoke: "app.sendgrid.com, API keys", valid: lettersAndDigits},
		{id: "mailgun-key", title: "Mailgun key", literals: []string{"key-"}, expr: `(key-[0-9a-f]{32})(?:\W|$)`, revoke: "app.mailgun.com, API security"},
		{id: "mailchimp-key", title: "Mailchimp key", literals: []string{"-us"}, lead: `[0-9a-f]{32}`, leads: 32, expr: `(-us\d{1,2})(?:\W|$)`, revoke: "mailchimp.com, API keys"},
		{id: "brevo-key", title: "Brevo key", literals: []string{"xkeysib-", "xsmtpsib-"}, expr: `x(?:key|smtp)sib-[0-9a-f]{64}-[A-Za-z0-9]{16}`, revoke: "app.brevo.com, SMTP and API"},
		{id: "facebook-token", title: "Facebook token", literals: []string{"EAAM", "EAAC", "EAAG", "EAAB"}, expr: `(EAA[MCGB][A-Za-z0-9]{90,})(?:\W|$)`, revoke: "developers.facebook.com"},
		{id: "twitter-token", title: "X (Twitter) bearer token", literals: []string{"AAAAAAAAAAAAAAAAAAAAA"}, expr: `A{20,22}([A-Za-z0-9%]{70,110})(?:[^\w%]|$)`, revoke: "developer.x.com", valid: mixedCase},
		{id: "hubspot-token", title: "HubSpot token", literals: []string{"pat-na", "pat-eu"}, expr: `pat-(?:na|eu)\d-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`, revoke: "app.hubspot.com, private apps"},
		{id: "mapbox-token", title: "Mapbox token", literals: []string{"sk.eyJ"}, expr: `sk\.eyJ[\w-]{50,120}\.[\w-]{20,24}`, revoke: "account.mapbox.com"},
		{id: "dropbox-token", title: "Dropbox token", literals: []string{"sl."}, expr: `(sl\.(?:u\.)?[\w=-]{130,})(?:[^\w=-]|$)`, revoke: "dropbox.com/developers"},
		{id: "salesforce-token", title: "Salesforce access token", literals: []string{"00D"}, expr: `(00D[A-Za-z0-9]{12,15}![A-Za-z0-9_.]{80,260})(?:\W|$)`, revoke: "Salesforce setup, sessions"},
	}
}

func moneyTokens() []token {
	return []token{
		// docs.stripe.com/keys
		{id: "stripe-key", title: "Stripe key", literals: []string{"sk_live_", "sk_test_", "sk_prod_", "rk_live_", "rk_test_", "rk_prod_", "whsec_", "sk_org_"},
			expr: `(?:(?:sk|rk)_(?:live|test|prod)|sk_org|whsec)_[A-Za-z0-9+/]{16,250}`, revoke: "dashboard.stripe.com/apikeys", valid: lettersAndDigits},
		{id: "square-token", title: "Square token", literals: []string{"sq0atp-", "sq0csp-", "EAAA"}, expr: `sq0atp-[\w-]{22,60}|sq0csp-[\w-]{43}|(EAAA[\w-]{60})(?:[^\w-]|$)`, revoke: "developer.squareup.com", valid: lettersAndDigits},
		// shopify.dev, "Access token formats"
		{id: "shopify-token", title: "Shopify token", literals: []string{"shpat_", "shpca_", "shppa_", "shpss_", "shpua_"}, expr: `shp(?:at|ca|pa|ss|ua)_[0-9a-fA-F]{32}`, revoke: "the shop's apps"},
		{id: "paypal-token", title: "PayPal token", literals: []string{"access_token$"}, expr: `access_token\$(?:production|sandbox)\$[0-9a-z]{16}\$[0-9a-f]{32}`, revoke: "developer.paypal.com"},
		{id: "razorpay-key", title: "Razorpay key", literals: []string{"rzp_live_", "rzp_test_"}, expr: `rzp_(?:live|test)_[A-Za-z0-9]{14,24}`, revoke: "dashboard.razorpay.com"},
		{id: "plaid-token", title: "Plaid token", literals: []string{"access-sandbox-", "access-development-", "access-production-"}, expr: `access-(?:sandbox|development|production)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`, revoke: "dashboard.plaid.com"},
		{id: "flutterwave-key", title: "Flutterwave key", literals: []string{"FLWSECK-", "FLWSECK_TEST-"}, expr: `FLWSECK(?:_TEST)?-[0-9a-zA-Z]{12,40}(?:-X)?`, revoke: "dashboard.flutterwave.com"},
		{id: "gocardless-token", title: "GoCardless token", literals: []string{"live_"}, expr: `(live_[\w=-]{40})(?:[^\w=-]|$)`, revoke: "manage.gocardless.com", valid: lettersAndDigits},
		{id: "lob-key", title: "Lob key", literals: []string{"live_", "test_"}, expr: `((?:live|test)_[0-9a-f]{35})(?:\W|$)`, revoke: "dashboard.lob.com"},
		{id: "easypost-key", title: "EasyPost key", literals: []string{"EZAK", "EZTK"}, expr: `(EZ[AT]K[A-Za-z0-9]{54})(?:\W|$)`, revoke: "easypost.com, API keys"},
		{id: "shippo-token", title: "Shippo token", literals: []string{"shippo_"}, expr: `shippo_(?:live|test)_[0-9a-fA-F]{40}`, revoke: "apps.goshippo.com"},
		{id: "duffel-token", title: "Duffel token", literals: []string{"duffel_"}, expr: `duffel_(?:live|test)_[\w=-]{43}`, revoke: "app.duffel.com"},
		{id: "mercadopago-token", title: "Mercado Pago token", literals: []string{"APP_USR-"}, expr: `APP_USR-\d{13,20}-\d{6}-[0-9a-f]{32}-\d+`, revoke: "mercadopago.com/developers"},
	}
}

func watchTokens() []token {
	return []token{
		// docs.newrelic.com, "New Relic API keys"; licence keys are 36 hex digits and NRAL
		{id: "newrelic-key", title: "New Relic key", literals: []string{"NRAK-", "NRII-", "NRIQ-", "NRRA-", "NRJS-", "NRAA-"}, expr: `NR(?:AK|RA|AA)-[A-Z0-9a-z]{27,42}|NRI[IQ]-[A-Za-z0-9_-]{32}|NRJS-[0-9a-f]{19}`, revoke: "one.newrelic.com, API keys"},
		{id: "newrelic-licence", title: "New Relic licence key", literals: []string{"NRAL", "FFFFNRAL"}, lead: `[0-9a-f]{32,36}`, leads: 32, expr: `((?:FFFF)?NRAL)(?:\W|$)`, revoke: "one.newrelic.com, API keys"},
		// grafana.com/docs, "Service account tokens"; glc_ is a cloud access policy, eyJrIjoi an API key of old
		{id: "grafana-token", title: "Grafana token", literals: []string{"glsa_", "glc_", "eyJrIjoi"}, expr: `glsa_[A-Za-z0-9]{32}_[0-9A-Fa-f]{8}|glc_[A-Za-z0-9+/]{32,400}={0,3}|eyJrIjoi[A-Za-z0-9]{70,400}={0,3}`, revoke: "Grafana, service accounts"},
		{id: "sentry-token", title: "Sentry token", literals: []string{"sntrys_eyJ", "sntryu_", "sntrya_"}, expr: `sntry[ua]_[0-9a-f]{64}|sntrys_eyJ[A-Za-z0-9+/=]{20,400}_[A-Za-z0-9+/]{43}`, revoke: "sentry.io, auth tokens"},
		{id: "dynatrace-token", title: "Dynatrace token", literals: []string{"dt0c01.", "dt0s01.", "dt0s02.", "dt0s16."}, expr: `dt0[cs]\d\d\.[A-Za-z0-9]{8,24}\.[A-Za-z0-9]{64}`, revoke: "Dynatrace, access tokens"},
		{id: "honeycomb-key", title: "Honeycomb key", literals: []string{"hcaik_", "hcbik_", "hcxik_", "hcalk_", "hcamk_", "hcxmk_"}, expr: `hc[abx][ilm]k_[0-9a-z]{58,64}`, revoke: "ui.honeycomb.io"},
		{id: "pagerduty-key", title: "PagerDuty key", literals: []string{"pdus+", "pdeu+"}, expr: `pd(?:us|eu)\+[A-Za-z0-9_+-]{15,22}`, revoke: "PagerDuty, API access keys"},
		{id: "posthog-key", title: "PostHog personal key", literals: []string{"phx_"}, expr: `phx_[A-Za-z0-9]{40,60}`, revoke: "app.posthog.com"},
		{id: "datadog-token", title: "Datadog key", literals: []string{"ddapp_", "ddpat_"}, expr: `dd(?:app|pat)_[A-Za-z0-9_]{34,}`, revoke: "app.datadoghq.com, keys"},
		{id: "adafruit-key", title: "Adafruit IO key", literals: []string{"aio_"}, expr: `(aio_[A-Za-z0-9]{28})(?:\W|$)`, revoke: "io.adafruit.com"},
	}
}

func modelTokens() []token {
	return []token{
		{id: "anthropic-key", title: "Anthropic key", literals: []string{"sk-ant-"}, expr: `sk-ant-(?:[a-z]+\d\d-)?[\w-]{60,120}`, revoke: "platform.claude.com, API keys"},
		// Legacy keys are 48 characters with T3BlbkFJ (OpenAI in base64) in the middle.
		{id: "openai-key", title: "OpenAI key", literals: []string{"sk-proj-", "sk-svcacct-", "sk-admin-", "sk-None-", "sk-"}, expr: `sk-(?:proj|svcacct|admin|None)-[\w-]{40,200}|sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}`, revoke: "platform.openai.com, API keys"},
		{id: "huggingface-token", title: "Hugging Face token", literals: []string{"hf_", "api_org_"}, expr: `(hf_[A-Za-z0-9]{30,40})(?:\W|$)|(api_org_[A-Za-z]{34})(?:\W|$)`, revoke: "huggingface.co/settings/tokens"},
		{id: "perplexity-key", title: "Perplexity key", literals: []string{"pplx-"}, expr: `pplx-[A-Za-z0-9]{48,56}`, revoke: "perplexity.ai, settings"},
		{id: "groq-key", title: "Groq key", literals: []string{"gsk_"}, expr: `(gsk_[A-Za-z0-9]{48,56})(?:\W|$)`, revoke: "console.groq.com"},
		{id: "xai-key", title: "xAI key", literals: []string{"xai-"}, expr: `(xai-[A-Za-z0-9]{70,90})(?:\W|$)`, revoke: "console.x.ai"},
		{id: "replicate-token", title: "Replicate token", literals: []string{"r8_"}, expr: `(r8_[A-Za-z0-9]{37})(?:\W|$)`, revoke: "replicate.com/account"},
		{id: "openrouter-key", title: "OpenRouter key", literals: []string{"sk-or-v1-"}, expr: `sk-or-v1-[0-9a-f]{64}`, revoke: "openrouter.ai/keys"},
		{id: "langsmith-key", title: "LangSmith key", literals: []string{"lsv2_pt_", "lsv2_sk_"}, expr: `lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}`, revoke: "smith.langchain.com"},
		{id: "langfuse-key", title: "Langfuse key", literals: []string{"sk-lf-"}, expr: `sk-lf-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`, revoke: "Langfuse, project settings"},
		{id: "pinecone-key", title: "Pinecone key", literals: []string{"pcsk_"}, expr: `pcsk_[A-Za-z0-9]{5,6}_[A-Za-z0-9]{50,70}`, revoke: "app.pinecone.io"},
		{id: "elevenlabs-key", title: "ElevenLabs key", literals: []string{"sk_"}, expr: `(sk_[0-9a-f]{48})(?:\W|$)`, revoke: "elevenlabs.io"},
		{id: "deepseek-key", title: "DeepSeek or compatible key", literals: []string{"sk-"}, expr: `(sk-[0-9a-f]{32})(?:[^\w-]|$)|(sk-[A-Za-z0-9]{48})(?:[^\w-]|$)`, revoke: "the provider's console", valid: lettersAndDigits},
		{id: "nvidia-key", title: "NVIDIA key", literals: []string{"nvapi-"}, expr: `nvapi-[\w-]{60,70}`, revoke: "build.nvidia.com"},
		{id: "tavily-key", title: "Tavily key", literals: []string{"tvly-"}, expr: `tvly-(?:dev-|prod-)?[A-Za-z0-9]{32}`, revoke: "app.tavily.com"},
		{id: "jina-key", title: "Jina key", literals: []string{"jina_"}, expr: `jina_[A-Za-z0-9_-]{50,70}`, revoke: "jina.ai"},
		{id: "together-key", title: "Together key", literals: []string{"tgp_v1_"}, expr: `tgp_v1_[\w-]{40,60}`, revoke: "api.together.ai"},
	}
}
