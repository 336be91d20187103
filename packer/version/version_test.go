package version

import "testing"

func TestPlugin(t *testing.T) {
	for build, want := range map[string]string{
		"dev":               "0.1.0-dev",
		"":                  "0.1.0-dev",
		"v1.2.3":            "1.2.3",
		"1.2.3":             "1.2.3",
		"0.1.0-dev":         "0.1.0-dev",
		"v0.3.0-7-gdeadbee": "0.3.0-dev",
		"v0.3.0-rc1":        "0.3.0-dev",
		"0.3.0+dirty":       "0.3.0-dev",
	} {
		if got := Plugin(build).SemVer().String(); got != want {
			t.Errorf("Plugin(%q) = %s, want %s", build, got, want)
		}
	}
}
