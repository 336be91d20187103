package secrets

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// The corpus is made anew by each run of the tests, from a seed: no secret, and nothing that looks like one, stands in
// the repository. Values are drawn at run time; only the marks of issuers are constants.

// seeds that every test of the corpus runs with. More can be tried with -run and a larger list; failures name the seed.
var seeds = []uint64{1, 2, 3, 5, 8, 13, 21, 34}

type draw struct{ *rand.Rand }

func newDraw(seed uint64) draw { return draw{rand.New(rand.NewPCG(seed, 20261120))} }

func (d draw) from(set string, n int) string {
	out := make([]byte, n)
	for i := range out {
		out[i] = set[d.IntN(len(set))]
	}
	return string(out)
}

const (
	digitSet = "0123456789"
	lowerSet = "abcdefghijklmnopqrstuvwxyz"
	upperSet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

func (d draw) alnum(n int) string  { return d.from(digitSet+lowerSet+upperSet, n) }
func (d draw) lower(n int) string  { return d.from(digitSet+lowerSet, n) }
func (d draw) upper(n int) string  { return d.from(digitSet+upperSet, n) }
func (d draw) digits(n int) string { return d.from("123456789", 1) + d.from(digitSet, n-1) }
func (d draw) base32(n int) string { return d.from(upperSet+"234567", n) }
func (d draw) url64(n int) string  { return d.from(digitSet+lowerSet+upperSet+"-_", n) }
func (d draw) hex(n int) string    { return d.from("0123456789abcdef", n) }

func (d draw) bytes(n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(d.Uint32())
	}
	return out
}

func (d draw) base64(n int) string { return base64.StdEncoding.EncodeToString(d.bytes(n)) }

func (d draw) uuid() string {
	return fmt.Sprintf("%s-%s-4%s-%s%s-%s", d.hex(8), d.hex(4), d.hex(3), d.from("89ab", 1), d.hex(3), d.hex(12))
}

func pick[T any](d draw, all ...T) T { return all[d.IntN(len(all))] }

// password is one as people make them: words with digits and signs, or drawn by a tool.
func (d draw) password() string {
	words := []string{"winter", "Falcon", "orange", "Kestrel", "summer", "Tulip", "granite", "Harbor", "meadow", "Copper"}
	switch d.IntN(4) {
	case 0:
		return pick(d, words...) + d.digits(4) + d.from("!#+", 1)
	case 1:
		return pick(d, words...) + "-" + pick(d, words...) + "-" + d.digits(3)
	case 2:
		return d.alnum(8) + d.from("!+.%", 1) + d.alnum(7)
	}
	return d.alnum(12 + d.IntN(12))
}

// tool is a password as pwgen(1) makes them: letters and digits only.
func (d draw) tool() string { return d.alnum(14+d.IntN(8)) + d.digits(2) }

// pem writes a body of random bytes under a label.
func (d draw) pem(label string, n int, headers ...string) string {
	var out strings.Builder
	fmt.Fprintf(&out, "-----BEGIN %s-----\n", label)
	for _, h := range headers {
		out.WriteString(h + "\n")
	}
	if len(headers) > 0 {
		out.WriteString("\n")
	}
	out.WriteString(wrap(d.base64(n), 64))
	fmt.Fprintf(&out, "-----END %s-----\n", label)
	return out.String()
}

func wrap(text string, width int) string {
	var out strings.Builder
	for len(text) > width {
		out.WriteString(text[:width] + "\n")
		text = text[width:]
	}
	return out.String() + text + "\n"
}

// A plant is one file of the corpus.
type plant struct {
	name    string
	path    string
	content []byte
	secrets []string // what must be found; any one of them where several are listed for one finding
	line    int      // where; 0 is not checked
}

// text makes a plant whose first secret stands in the given text.
func text(name, path, content string, secrets ...string) plant {
	p := plant{name: name, path: path, content: []byte(content), secrets: secrets}
	if len(secrets) > 0 {
		if at := strings.Index(content, secrets[0]); at >= 0 && !strings.Contains(content, "\x00") {
			p.line = 1 + strings.Count(content[:at], "\n")
		}
	}
	return p
}

var testSalt = []byte("0123456789abcdef")

func newTestScanner(t testing.TB) *Scanner {
	t.Helper()
	s, err := New(Options{Salt: testSalt})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// missing says what of the plant the hits lack; "" when nothing.
func (p plant) missing(hits []Hit) string {
	if len(hits) == 0 {
		return "nothing found"
	}
	if len(p.secrets) == 0 {
		return ""
	}
	for _, h := range hits {
		for _, s := range p.secrets {
			if h.Hash == Sum(testSalt, []byte(s)) {
				if p.line > 0 && s == p.secrets[0] && h.Line != p.line {
					return fmt.Sprintf("%s is said to be in line %d, not %d", h.Rule, h.Line, p.line)
				}
				return ""
			}
		}
	}
	return fmt.Sprintf("not the value itself: %s", describe(hits))
}

func describe(hits []Hit) string {
	var out []string
	for _, h := range hits {
		out = append(out, fmt.Sprintf("%s line %d %s", h.Rule, h.Line, h.Where))
	}
	return strings.Join(out, "; ")
}

// checkFound scans every plant, and reports the share that was found.
func checkFound(t *testing.T, plants func(draw) []plant) {
	t.Helper()
	s := newTestScanner(t)
	found, all := 0, 0
	for _, seed := range seeds {
		for _, p := range plants(newDraw(seed)) {
			all++
			hits, err := s.Scan(p.path, bytes.NewReader(p.content), int64(len(p.content)))
			if err != nil {
				t.Errorf("seed %d: %s: %v", seed, p.name, err)
			}
			if miss := p.missing(hits); miss != "" {
				t.Errorf("seed %d: %s (%s): %s\n%s", seed, p.name, p.path, miss, excerpt(p.content))
				continue
			}
			found++
		}
	}
	t.Logf("found %d of %d", found, all)
}

// excerpt is for messages of tests only: the values in it were drawn a moment ago and open nothing.
func excerpt(content []byte) string {
	if len(content) > 600 {
		return fmt.Sprintf("%q…", content[:600])
	}
	return fmt.Sprintf("%q", content)
}

func scanBytes(t testing.TB, s *Scanner, path string, content []byte) []Hit {
	t.Helper()
	hits, err := s.Scan(path, bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return hits
}
