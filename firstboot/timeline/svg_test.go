package timeline

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/leaven-dev/leaven/firstboot"
)

var update = flag.Bool("update", false, "write the pictures that are expected anew; look at them afterwards")

var boots = map[string]Data{
	"failed":  failedBoot(),
	"running": runningBoot(),
	"reboot":  reboot(),
	"hostile": hostileBoot(),
	"cutoff":  cutOffBoot(),
	"notrun":  {Status: firstboot.Status{Version: "v1.0.0", Result: firstboot.NotRun, Verdict: "first boot has not run in this boot"}},
}

func draw(t *testing.T, d Data) string {
	t.Helper()
	var b bytes.Buffer
	if err := SVG(&b, d); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestPictures(t *testing.T) {
	for name, d := range boots {
		golden := filepath.Join("testdata", name+".svg")
		got := draw(t, d)
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s differs (-want +got); if it is meant to, run with -update and look at it:\n%s", golden, diff)
		}
	}
}

// A browser must find nothing in a picture but what we draw, whatever the records say.
func TestPicturesAreSafe(t *testing.T) {
	elements := map[string]bool{}
	for _, e := range strings.Fields("svg title style defs pattern rect g circle path text") {
		elements[e] = true
	}
	for name, d := range boots {
		picture := draw(t, d)
		dec := xml.NewDecoder(strings.NewReader(picture))
		var words strings.Builder
		for {
			token, err := dec.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s is no XML: %v", name, err)
			}
			switch token := token.(type) {
			case xml.StartElement:
				if !elements[token.Name.Local] || token.Name.Space != "http://www.w3.org/2000/svg" {
					t.Errorf("%s holds an element %v", name, token.Name)
				}
				for _, a := range token.Attr {
					local := strings.HasPrefix(a.Value, "url(#") || !strings.Contains(a.Value, "url(")
					if strings.HasPrefix(a.Name.Local, "on") || strings.HasSuffix(a.Name.Local, "href") || !local {
						t.Errorf("%s: element %s has %s=%q", name, token.Name.Local, a.Name.Local, a.Value)
					}
				}
			case xml.CharData:
				words.Write(token)
			case xml.Comment, xml.Directive:
				t.Errorf("%s holds %q", name, token)
			}
		}
		for _, s := range d.Status.Steps {
			if !strings.Contains(words.String(), s.ID) {
				t.Errorf("%s does not name step %q", name, s.ID)
			}
		}
		if strings.ContainsAny(picture, "\x00\x1b\u202e") {
			t.Errorf("%s holds control characters", name)
		}
	}
}

func TestSVGToABrokenWriter(t *testing.T) {
	r, w := io.Pipe()
	r.Close()
	if err := SVG(w, failedBoot()); err == nil {
		t.Error("no error")
	}
}
