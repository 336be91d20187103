package plain

import (
	"slices"
	"testing"
)

func TestLine(t *testing.T) {
	for text, want := range map[string]string{
		"as it is":                "as it is",
		"Grüße, 世界":               "Grüße, 世界",
		"two\nlines\r\n":          "two lines",
		"\x1b[2Jgone":             `\u{1b}[2Jgone`,
		"\u202etxt.exe":           `\u{202e}txt.exe`,
		"not \xff UTF-8":          `not \xff UTF-8`,
		"a replacement \uFFFD is": "a replacement \uFFFD is",
		"\u009b31m":               `\u{9b}31m`, // CSI in one character
	} {
		if got := Line(text); got != want {
			t.Errorf("Line(%q) is %q, want %q", text, got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  []string
	}{
		{"", 10, []string{""}},
		{"fits", 4, []string{"fits"}},
		{"one two three", 7, []string{"one two", "three"}},
		{"für über", 8, []string{"für über"}},
		{"see /a/path/that/is/long now", 8, []string{"see", "/a/path/that/is/long", "now"}},
	} {
		if got := Wrap(c.text, c.width); !slices.Equal(got, c.want) {
			t.Errorf("Wrap(%q, %d) is %q, want %q", c.text, c.width, got, c.want)
		}
	}
}

func TestCut(t *testing.T) {
	for want, got := range map[string]string{"whole": Cut("whole", 5), "who…": Cut("whole", 4), "…": Cut("whole", 1)} {
		if got != want {
			t.Errorf("Cut is %q, want %q", got, want)
		}
	}
}
