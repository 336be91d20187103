package secrets

import "bytes"

// serviceOf names the service in the name of a key: DATADOG_API_KEY, heroku.token. Many issuers give their tokens no mark
// of their own, so the name is all there is to tell them by.
func serviceOf(name []byte) string {
	name = bytes.ToLower(name)
	for _, s := range services {
		if bytes.Contains(name, []byte(s.word)) {
			return s.name
		}
	}
	if bytes.HasPrefix(name, []byte("dd_")) || bytes.HasPrefix(name, []byte("dd-")) {
		return "Datadog"
	}
	return ""
}

var services = [...]struct{ word, name string }{
	{"adafruit", "Adafruit"}, {"adobe", "Adobe"}, {"airtable", "Airtable"}, {"algolia", "Algolia"}, {"alibaba", "Alibaba Cloud"}, {"aliyun", "Alibaba Cloud"},
	{"amplitude", "Amplitude"}, {"anthropic", "Anthropic"}, {"artifactory", "Artifactory"}, {"asana", "Asana"}, {"atlassian", "Atlassian"},
	{"auth0", "Auth0"}, {"aws", "AWS"}, {"azure", "Azure"}, {"beamer", "Beamer"}, {"bitbucket", "Bitbucket"}, {"bittrex", "Bittrex"}, {"braintree", "Braintree"},
	{"buildkite", "Buildkite"}, {"circleci", "CircleCI"}, {"cloudflare", "Cloudflare"}, {"cloudinary", "Cloudinary"}, {"codecov", "Codecov"},
	{"cohere", "Cohere"}, {"coinbase", "Coinbase"}, {"confluence", "Atlassian"}, {"confluent", "Confluent"}, {"consul", "Consul"},
	{"contentful", "Contentful"}, {"datadog", "Datadog"}, {"deepseek", "DeepSeek"}, {"digitalocean", "DigitalOcean"}, {"discord", "Discord"},
	{"docker", "Docker"}, {"drone", "Drone"}, {"dropbox", "Dropbox"}, {"elastic", "Elastic"}, {"etsy", "Etsy"}, {"facebook", "Facebook"}, {"fastly", "Fastly"},
	{"finicity", "Finicity"}, {"finnhub", "Finnhub"}, {"flickr", "Flickr"}, {"forgejo", "Forgejo"}, {"freshbooks", "FreshBooks"}, {"freshdesk", "Freshdesk"}, {"github", "GitHub"},
	{"gitlab", "GitLab"}, {"gitea", "Gitea"}, {"gitter", "Gitter"}, {"gocardless", "GoCardless"}, {"grafana", "Grafana"}, {"hetzner", "Hetzner"}, {"hasura", "Hasura"}, {"heroku", "Heroku"},
	{"hubspot", "HubSpot"}, {"intercom", "Intercom"}, {"jenkins", "Jenkins"}, {"jfrog", "JFrog"}, {"jira", "Atlassian"}, {"kraken", "Kraken"},
	{"kucoin", "KuCoin"}, {"launchdarkly", "LaunchDarkly"}, {"linkedin", "LinkedIn"}, {"linode", "Linode"}, {"logzio", "Logz.io"}, {"looker", "Looker"},
	{"mailchimp", "Mailchimp"}, {"mailgun", "Mailgun"}, {"mapbox", "Mapbox"}, {"mattermost", "Mattermost"}, {"meraki", "Cisco Meraki"},
	{"mistral", "Mistral"}, {"messagebird", "MessageBird"}, {"message_bird", "MessageBird"}, {"netlify", "Netlify"}, {"newrelic", "New Relic"}, {"new_relic", "New Relic"},
	{"new-relic", "New Relic"}, {"ngrok", "ngrok"}, {"nomad", "Nomad"}, {"nytimes", "New York Times"}, {"okta", "Okta"}, {"openai", "OpenAI"}, {"opsgenie", "Opsgenie"},
	{"ovh", "OVH"}, {"pagerduty", "PagerDuty"}, {"paypal", "PayPal"}, {"plaid", "Plaid"}, {"postmark", "Postmark"}, {"pusher", "Pusher"}, {"railway", "Railway"}, {"rapidapi", "RapidAPI"},
	{"rollbar", "Rollbar"}, {"scaleway", "Scaleway"}, {"sendbird", "Sendbird"}, {"sendgrid", "SendGrid"}, {"sanity", "Sanity"}, {"sentry", "Sentry"}, {"shopify", "Shopify"}, {"slack", "Slack"},
	{"softlayer", "SoftLayer"}, {"snowflake", "Snowflake"}, {"snyk", "Snyk"}, {"sonar", "SonarQube"}, {"sourcegraph", "Sourcegraph"}, {"splunk", "Splunk"}, {"spotify", "Spotify"},
	{"squarespace", "Squarespace"}, {"sumologic", "Sumo Logic"}, {"sumo_", "Sumo Logic"}, {"tailscale", "Tailscale"}, {"telegram", "Telegram"},
	{"travis", "Travis CI"}, {"trello", "Trello"}, {"telegr", "Telegram"}, {"twilio", "Twilio"}, {"twitch", "Twitch"}, {"twitter", "X (Twitter)"}, {"typeform", "Typeform"},
	{"uptimerobot", "UptimeRobot"}, {"vault", "Vault"}, {"vercel", "Vercel"}, {"vultr", "Vultr"}, {"webflow", "Webflow"}, {"wandb", "Weights & Biases"}, {"yandex", "Yandex"}, {"zendesk", "Zendesk"}, {"zoom", "Zoom"},
}
