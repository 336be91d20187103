package secrets

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
)

// minted draws one token of each kind.
func minted(d draw) map[string]string {
	jwt := func(header, claims string) string {
		enc := base64.RawURLEncoding.EncodeToString
		return enc([]byte(header)) + "." + enc([]byte(claims)) + "." + d.url64(43)
	}
	return map[string]string{
		"aws access key":         pick(d, "AKIA", "ASIA") + d.base32(16),
		"aws session token":      "IQoJb3JpZ2luX2Vj" + d.alnum(300),
		"bedrock":                "ABSK" + d.alnum(128),
		"google api key":         "AIza" + d.url64(35),
		"google oauth secret":    "GOCSPX-" + d.url64(28),
		"google access token":    "ya29." + d.url64(120),
		"azure client secret":    d.alnum(3) + d.digits(1) + "Q~" + d.alnum(34),
		"digitalocean":           pick(d, "dop_v1_", "doo_v1_", "dor_v1_") + d.hex(64),
		"heroku":                 "HRKU-AA" + d.url64(58),
		"alibaba":                "LTAI" + d.alnum(20),
		"databricks":             "dapi" + d.hex(32),
		"cloudflare origin ca":   "v1.0-" + d.hex(24) + "-" + d.hex(146),
		"tailscale":              "tskey-auth-k" + d.alnum(11) + "CNTRL-" + d.alnum(32),
		"vault service token":    "hvs." + d.url64(95),
		"vault batch token":      "hvb." + d.url64(150),
		"terraform cloud":        d.alnum(14) + ".atlasv1." + d.url64(67),
		"pulumi":                 "pul-" + d.hex(40),
		"doppler":                "dp.pt." + d.alnum(43),
		"fly.io":                 "fo1_" + d.url64(43),
		"netlify":                "nfp_" + d.alnum(36),
		"planetscale":            "pscale_tkn_" + d.url64(43),
		"openshift":              "sha256~" + d.url64(43),
		"yandex":                 "AQVN" + d.url64(36),
		"1password":              "ops_eyJ" + d.alnum(300),
		"github classic":         pick(d, "ghp_", "gho_", "ghu_", "ghs_", "ghr_") + d.alnum(36),
		"github fine grained":    "github_pat_" + d.alnum(22) + "_" + d.alnum(59),
		"gitlab":                 pick(d, "glpat-", "gldt-", "glft-", "glrt-") + d.url64(20),
		"gitlab pipeline":        "glptt-" + d.hex(40),
		"gitlab runner":          "GR1348941" + d.url64(20),
		"bitbucket app password": "ATBB" + d.alnum(32),
		"atlassian api token":    "ATATT3xFfGF0" + d.url64(170) + "=" + d.upper(8),
		"sourcegraph":            "sgp_" + d.hex(40),
		"npm":                    "npm_" + d.alnum(36),
		"pypi":                   "pypi-AgEIcHlwaS5vcmc" + d.url64(120),
		"rubygems":               "rubygems_" + d.hex(48),
		"docker hub":             "dckr_pat_" + d.url64(27),
		"artifactory":            "AKCp" + d.alnum(69),
		"circleci":               "CCIPAT_" + d.alnum(22) + "_" + d.hex(40),
		"linear":                 "lin_api_" + d.alnum(40),
		"notion":                 "ntn_" + d.digits(11) + d.alnum(35),
		"notion of old":          "secret_" + d.alnum(43),
		"figma":                  "figd_" + d.url64(40),
		"airtable":               "pat" + d.alnum(14) + "." + d.hex(64),
		"asana":                  "1/" + d.digits(16) + ":" + d.hex(32),
		"typeform":               "tfp_" + d.url64(59),
		"postman":                "PMAK-" + d.hex(24) + "-" + d.hex(34),
		"launchdarkly":           "sdk-" + d.uuid(),
		"infracost":              "ico-" + d.alnum(32),
		"slack bot":              "xoxb-" + d.digits(12) + "-" + d.digits(12) + "-" + d.alnum(24),
		"slack user":             "xoxp-" + d.digits(12) + "-" + d.digits(12) + "-" + d.digits(12) + "-" + d.hex(32),
		"slack app":              "xapp-1-A" + d.upper(10) + "-" + d.digits(13) + "-" + d.hex(64),
		"telegram":               d.digits(10) + ":AA" + d.url64(33),
		"discord bot":            "M" + pick(d, "T", "D", "j", "z") + d.alnum(22) + ".G" + d.alnum(5) + "." + d.alnum(38),
		"twilio":                 "SK" + d.hex(32),
		"sendgrid":               "SG." + d.url64(22) + "." + d.url64(43),
		"mailgun":                "key-" + d.hex(32),
		"mailchimp":              d.hex(32) + "-us" + d.digits(2),
		"brevo":                  "xkeysib-" + d.hex(64) + "-" + d.alnum(16),
		"hubspot":                "pat-na1-" + d.uuid(),
		"facebook":               "EAAC" + d.alnum(150),
		"stripe":                 pick(d, "sk_live_", "rk_live_", "sk_test_") + d.alnum(24),
		"stripe webhook":         "whsec_" + d.alnum(32),
		"square":                 "sq0atp-" + d.url64(22),
		"shopify":                pick(d, "shpat_", "shpss_", "shpca_", "shppa_") + d.hex(32),
		"plaid":                  "access-production-" + d.uuid(),
		"flutterwave":            "FLWSECK_TEST-" + d.hex(32) + "-X",
		"shippo":                 "shippo_live_" + d.hex(40),
		"gocardless":             "live_" + d.url64(40),
		"lob":                    "test_" + d.hex(35),
		"easypost":               "EZAK" + d.alnum(54),
		"new relic user key":     "NRAK-" + d.upper(27),
		"new relic licence":      d.hex(36) + "NRAL",
		"grafana":                "glsa_" + d.alnum(32) + "_" + d.hex(8),
		"grafana cloud":          "glc_eyJ" + d.alnum(80),
		"sentry user":            "sntryu_" + d.hex(64),
		"dynatrace":              "dt0c01." + d.upper(24) + "." + d.upper(64),
		"honeycomb":              "hcaik_" + d.lower(58),
		"maxmind":                d.alnum(6) + "_" + d.alnum(29) + "_mmk",
		"anthropic":              "sk-ant-api03-" + d.url64(93) + "AA",
		"openai project":         "sk-proj-" + d.url64(74) + "T3BlbkFJ" + d.url64(74),
		"openai":                 "sk-" + d.alnum(20) + "T3BlbkFJ" + d.alnum(20),
		"hugging face":           "hf_" + d.from(lowerSet+upperSet, 34),
		"groq":                   "gsk_" + d.alnum(52),
		"replicate":              "r8_" + d.alnum(37),
		"perplexity":             "pplx-" + d.alnum(48),
		"openrouter":             "sk-or-v1-" + d.hex(64),
		"nuget":                  "oy2" + d.lower(43),
		"age":                    "AGE-SECRET-KEY-1" + d.from("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58),
		"jwt":                    jwt(`{"alg":"RS256","typ":"JWT","kid":"`+d.hex(8)+`"}`, `{"sub":"svc-`+d.lower(6)+`","iat":17`+d.digits(8)+`}`),
		"jwt of a cluster":       jwt(`{"alg":"RS256","kid":"`+d.url64(43)+`"}`, `{"iss":"kubernetes/serviceaccount","sub":"system:serviceaccount:default:app"}`),
	}
}

// carriers are the surroundings in which tokens stand. Names say nothing, so that only the token's form can be seen.
func carriers(d draw, token string) map[string]string {
	return map[string]string{
		"shell":       "#!/bin/sh\nset -e\nexport CI_THING=" + token + "\nrun\n",
		"env quoted":  "MODE=prod\nTHING=\"" + token + "\"\n",
		"json":        `{"a":1,"thing":"` + token + `","b":[2]}`,
		"yaml":        "config:\n  - thing: " + token + "\n    other: 1\n",
		"python":      "def f():\n    return connect('" + token + "')\n",
		"log line":    "2026-11-01T10:00:00Z INFO using " + token + " for upload\n",
		"header":      "curl -H 'X-Thing: " + token + "' https://api.service.test/v1\n",
		"html":        "<p>it is <code>" + token + "</code></p>\n",
		"alone":       token,
		"crlf":        "first\r\nthing = " + token + "\r\nlast\r\n",
		"null bytes":  "A=1\x00THING=" + token + "\x00B=2\x00",
		"tab fields":  "id\tname\tthing\n1\tx\t" + token + "\n",
		"dictionary":  "{'thing' => '" + token + "', :b => 2}",
		"markdown":    "Use `" + token + "` here.\n",
		"comma list":  "a," + token + ",b\n",
		"json escape": `{"log":"line\n` + token + `\nline"}`,
	}
}

func TestTokensOfEveryIssuer(t *testing.T) {
	checkFound(t, func(d draw) []plant {
		var out []plant
		for name, token := range minted(d) {
			for carrier, content := range carriers(d, token) {
				out = append(out, text(name+" in "+carrier, pick(d, "/opt/app/"+d.lower(5), "/etc/"+d.lower(4)+".conf", "/home/dev/notes.txt", "/srv/www/x.php", "/usr/share/"+d.lower(4)+"/main.js", "/var/log/x.log"), content, token))
			}
		}
		return out
	})
}

// Tokens without a mark of their own are known by the name that they are assigned to.
func TestKeysByTheirNames(t *testing.T) {
	checkFound(t, func(d draw) []plant {
		shapes := map[string]string{
			"DATADOG_API_KEY": d.hex(32), "DD_APP_KEY": d.hex(40), "ALGOLIA_ADMIN_KEY": d.hex(32), "TWILIO_AUTH_TOKEN": d.hex(32),
			"HEROKU_API_KEY": d.uuid(), "SNYK_TOKEN": d.uuid(), "CODECOV_TOKEN": d.uuid(), "FASTLY_API_TOKEN": d.url64(32), "CLOUDFLARE_API_TOKEN": d.url64(40),
			"OKTA_TOKEN": "00" + d.url64(40), "PAGERDUTY_TOKEN": d.url64(20), "TRAVIS_TOKEN": d.alnum(22), "DRONECI_TOKEN": d.lower(32),
			"aws_secret_access_key": d.from(digitSet+lowerSet+upperSet+"/+", 40), "mailgun-api-key": d.hex(32) + "-" + d.hex(8) + "-" + d.hex(8),
			"adafruitApiKey": d.lower(32), "zendesk.secret.key": d.lower(40), "confluentSecretKey": d.lower(64), "CONSUL_HTTP_TOKEN": d.uuid(),
			"sumologic_access_token": d.alnum(64), "linkedinClientSecret": d.alnum(16), "DISCORD_CLIENT_SECRET": d.url64(32), "KRAKEN_SECRET_KEY": d.base64(64),
			"facebook_app_secret": d.hex(32), "twitter_api_secret": d.alnum(50), "AZURE_STORAGE_KEY": d.base64(64), "session_secret": d.alnum(32), "jwtSigningKey": d.base64(32),
			"signing_secret": d.hex(32), "SECRET_KEY_BASE": d.hex(128), "encryption.key": d.base64(32), "SPLUNK_TOKEN": d.uuid(), "SENDBIRD_API_TOKEN": d.hex(40),
		}
		forms := []string{"%s=%s\n", "%s = %s\n", "%s: %s\n", "export %s=\"%s\"\n", "%q: %q\n", "'%s' => '%s',\n", "%s := \"%s\"\n", "  - %s: '%s'\n", "%s=\"%s\";\n", "{\"%s\":\"%s\"}", "<%[1]s>%[2]s</%[1]s>\n",
			"set %s='%s'\n", "ENV %s=%s\n", "--%s=%s \\\n", "os.environ['%s'] = '%s'\n", "- name: %s\n  value: %s\n", "{\"name\":\"%s\",\"value\":\"%s\"}", "<add key=\"%s\" value=\"%s\"/>\n", "Environment=\"%s=%s\"\n", "%s = \"%s\" # note\n"}
		var out []plant
		for name, value := range shapes {
			for _, form := range forms {
				out = append(out, text(name+" as "+form, pick(d, "/etc/app.conf", "/opt/app/run", "/root/setup.sh", "/srv/app/config.yml", "/home/u/.profile"), "# settings\n"+strings.ReplaceAll(fmt.Sprintf(form, name, value), "\\\\", "\\"), value))
			}
		}
		return out
	})
}
