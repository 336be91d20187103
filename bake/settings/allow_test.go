package settings

import "testing"

func TestParseAllow(t *testing.T) {
	for text, want := range map[string]Allow{
		"path=/a,b,rule=x": {Path: "/a,b", Rule: "x"},
		"hash=abc":         {Hash: "abc"},
	} {
		if got, err := ParseAllow(text); err != nil || got != want {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "x", "rule=", "rule=a,rule=b", "/path", "rul=x"} {
		if a, err := ParseAllow(text); err == nil {
			t.Errorf("%q: %+v", text, a)
		}
	}
}
