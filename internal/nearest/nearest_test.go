package nearest

import "testing"

func TestHint(t *testing.T) {
	words := []string{"profile", "skip", "keep", "rules", "allow", "cross"}
	for word, want := range map[string]string{
		"proflie": ` (did you mean "profile"?)`,
		"skp":     ` (did you mean "skip"?)`,
		"kepe":    ` (did you mean "keep"?)`,
		"alow":    ` (did you mean "allow"?)`,
		"zebra":   "",
		"":        "",
	} {
		if got := Hint(word, words); got != want {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
	}
}
