package userdata

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"mime/quotedprintable"
	"os"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
)

const ours = FirstLine + "\ncfengine:\n  role: hub\n"

func zipped(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func encoded(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

func folded(text string) string {
	var b strings.Builder
	for len(text) > 76 {
		b.WriteString(text[:76] + "\n")
		text = text[76:]
	}
	return b.String() + text + "\n"
}

// mixed is MIME with the given parts, each with its header.
func mixed(parts ...string) string {
	var b strings.Builder
	b.WriteString("Content-Type: multipart/mixed; boundary=\"==b==\"\nMIME-Version: 1.0\n\n")
	for _, p := range parts {
		b.WriteString("--==b==\n" + p + "\n")
	}
	return b.String() + "--==b==--\n"
}

func part(kind, encoding, body string) string {
	return "Content-Type: " + kind + "\nContent-Transfer-Encoding: " + encoding + "\n\n" + body
}

func quoted(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := quotedprintable.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func utf16le(text string) string {
	b := []byte("\xff\xfe")
	for _, u := range utf16.Encode([]rune(text)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return string(b)
}

func file(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestOurs(t *testing.T) {
	zurich := FirstLine + "\nmounts:\n  - efs: fs-0123456789abcdef0\n    at: /var/cfengine/masterfiles\ncfengine:\n  role: hub # Zürich\n"
	inner := strings.Replace(strings.ReplaceAll(mixed(part("text/x-shellscript", "7bit", ours)), "==b==", "inner"), "MIME-Version: 1.0\n", "", 1)
	for _, c := range []struct{ name, data, text, where string }{
		{"plain", ours, ours, "user data"},
		{"no line feed at the end", FirstLine, FirstLine, "user data"},
		{"CRLF", strings.ReplaceAll(ours, "\n", "\r\n"), ours, "user data"},
		{"byte order mark", "\xef\xbb\xbf" + ours, ours, "user data"},
		{"trailing blanks", FirstLine + " \t\nsteps:\n", FirstLine + " \t\nsteps:\n", "user data"},
		{"blank after the shebang", "#! /usr/bin/leaven firstboot --config\na: 1\n", "#! /usr/bin/leaven firstboot --config\na: 1\n", "user data"},
		{"gzip", zipped(t, ours), ours, "user data"},
		{"base64 once more", encoded(ours), ours, "base64-encoded user data"},
		{"base64 in lines", folded(encoded(ours)), ours, "base64-encoded user data"},
		{"base64 of gzip", encoded(zipped(t, ours)), ours, "base64-encoded user data"},
		{"cloud-init's make-mime", file(t, "make-mime.txt"), zurich, `part 2 ("leaven.yaml") of the MIME user data`},
		{"make-mime with CRLF", strings.ReplaceAll(file(t, "make-mime.txt"), "\n", "\r\n"), zurich, `part 2 ("leaven.yaml") of the MIME user data`},
		{"make-mime from a mailbox", "From nobody Fri Nov 20 18:00:00 2026\n" + file(t, "make-mime.txt"), zurich, `part 2 ("leaven.yaml") of the MIME user data`},
		{"Terraform", file(t, "terraform.txt"), ours, "part 2 of the MIME user data"},
		{"Terraform, gzip and base64 as by default", encoded(zipped(t, file(t, "terraform.txt"))), ours, "part 2 of the MIME base64-encoded user data"},
		{"Terraform, gzip", zipped(t, file(t, "terraform.txt")), ours, "part 2 of the MIME user data"},
		{"EC2 user guide", file(t, "aws.txt"), strings.TrimSuffix(ours, "\n"), `part 2 ("userdata.txt") of the MIME user data`},
		{"quoted-printable", mixed(part("text/plain", "Quoted-Printable", quoted(t, zurich))), zurich, "part 1 of the MIME user data"},
		{"gzip part", mixed(part("application/gzip", "base64", folded(encoded(zipped(t, ours))))), ours, "part 1 of the MIME user data"},
		{"nested", mixed(part("text/cloud-config", "7bit", "#cloud-config\n"), inner), ours, "part 2 of the MIME user data"},
		{"text/x-leaven needs no first line", mixed(part("text/x-leaven", "7bit", "cfengine:\n  role: hub\n")), "cfengine:\n  role: hub\n", "part 1 of the MIME user data"},
		{"text/x-leaven with base64 and gzip", mixed(part("Text/X-Leaven; charset=utf-8", "base64", encoded(zipped(t, "a: 1\n")))), "a: 1\n", "part 1 of the MIME user data"},
		{"text/x-leaven alone", "MIME-Version: 1.0\n" + part("text/x-leaven", "7bit", "a: 1\n"), "a: 1\n", "part 1 of the MIME user data"},
		{"text/x-leaven that looks like a mail", mixed(part("text/x-leaven", "7bit", "mime-version: 1\n")), "mime-version: 1\n", "part 1 of the MIME user data"},
		{"no header", mixed("\n" + ours), ours, "part 1 of the MIME user data"},
		{"the last boundary is missing", strings.TrimSuffix(mixed(part("text/plain", "7bit", ours)), "\n--==b==--\n"), ours, "part 1 of the MIME user data"},
		{"a folded header", strings.Replace(mixed(part("text/plain", "7bit", ours)), "; boundary", ";\n\tboundary", 1), ours, "part 1 of the MIME user data"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := Find([]byte(c.data))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(Part{Text: []byte(c.text), Where: c.where}, p); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNotOurs(t *testing.T) {
	for name, data := range map[string]string{
		"nothing":                    "",
		"blank":                      " \n\n",
		"cloud-config":               "#cloud-config\nruncmd:\n  - /usr/bin/leaven firstboot --config /etc/a.yaml\n",
		"a script that calls us":     "#!/bin/sh\n/usr/bin/leaven firstboot --config /etc/a.yaml\n",
		"a comment about us":         "# what leaven does\nsteps: []\n",
		"jinja":                      "## template: jinja\n" + ours,
		"include":                    "#include\nhttps://example.com/leaven firstboot\n",
		"ignition":                   `{"ignition":{"version":"3.4.0"},"storage":{"files":[{"path":"/usr/bin/leaven"}]}}`,
		"binary":                     "\x7fELF\x02\x01\x01\x00\xff\xfe",
		"no gzip after all":          "\x1f\x8bnonsense",
		"gzip of a script":           zipped(t, "#!/bin/sh\nexit 0\n"),
		"gzip of too much":           zipped(t, "#!/bin/sh\n"+strings.Repeat("# no\n", 1<<20)),
		"gzip, cut off":              zipped(t, "#!/bin/sh\nexit 0\n")[:25],
		"base64 of a script":         encoded("#!/bin/sh\nexit 0\n"),
		"a word that base64 takes":   "none",
		"MIME of others":             mixed(part("text/cloud-config", "7bit", "#cloud-config\n"), part("text/x-shellscript", "base64", encoded("#!/bin/sh\n"))),
		"MIME without boundary":      "Content-Type: multipart/mixed\nMIME-Version: 1.0\n\n#!/bin/sh\n",
		"MIME with an odd encoding":  mixed(part("text/plain", "x-uuencode", "#!/bin/sh")),
		"UTF-16 of others":           utf16le("<powershell>\n"),
		"another program's shebang":  "#!/usr/bin/leavening --rise\n",
		"too long a first line":      "#!" + strings.Repeat("x", 1<<20) + "leaven",
		"mail without multipart":     "MIME-Version: 1.0\nContent-Type: text/x-shellscript\n\n#!/bin/sh\n",
		"a lot of header fields":     strings.Repeat("a: b\n", 1<<17),
		"YAML that looks like a map": "content-type: text/plain\n",
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Find([]byte(data))
			if err != nil || !p.None() || p.Text != nil {
				t.Errorf("found %q in %q, error %v, want nothing", p.Text, p.Where, err)
			}
		})
	}
}

func TestOursButWrong(t *testing.T) {
	right := "must be `" + FirstLine + "`"
	both := mixed(part("text/x-shellscript", "7bit", ours), part("text/cloud-config", "7bit", "#cloud-config\n"), part("text/x-leaven", "7bit", "a: 1"))
	for _, c := range []struct{ name, data, want string }{
		{"another path", "#!/usr/local/bin/leaven firstboot --config\n", right},
		{"no --config", "#!/usr/bin/leaven firstboot\n", right},
		{"no arguments", "#!/usr/bin/leaven\n", right},
		{"one dash", "#!/usr/bin/leaven firstboot -config\n", right},
		{"an argument more", "#!/usr/bin/leaven firstboot --config --dry-run\n", right},
		{"env", "#!/usr/bin/env -S leaven firstboot --config\n", right},
		{"no exclamation mark", "#/usr/bin/leaven firstboot --config\n", right},
		{"no shebang", "/usr/bin/leaven firstboot --config\n", right},
		{"a blank too many", "# !/usr/bin/leaven firstboot --config\n", right},
		{"indented", "  " + ours, right},
		{"misspelled", "#!/usr/bin/leavn firstboot --config\n", right},
		{"capitals", "#!/usr/bin/Leaven firstboot --config\n", right},
		{"not the first line", "\n" + ours, "blank lines come before"},
		{"base64, wrong", encoded("#!/usr/bin/leaven firstboot\n"), "cannot read base64-encoded user data: its first line"},
		{"base64, cut off", encoded(ours)[:41], "it is base64 and damaged"},
		{"UTF-16", utf16le(ours), "UTF-16; save it as UTF-8"},
		{"gzip, too large", zipped(t, ours+strings.Repeat("# no\n", 1<<20)), "unfolds to more than 1048576 bytes"},
		{"plain, too large", ours + strings.Repeat("# no\n", 1<<20), "larger than 1048576 bytes"},
		{"gzip of gzips, too large", zipped(t, mixed(part("text/x-leaven", "base64", encoded(zipped(t, strings.Repeat("# no\n", 1<<18)))))), "unfolds to more than 1048576 bytes"},
		{"gzip without its checksum", zipped(t, ours)[:len(zipped(t, ours))-4], "gzip is damaged"},
		{"two", both, "cannot choose between part 1 of the MIME user data and part 3 of the MIME user data"},
		{"in cloud-config", mixed(part("text/cloud-config", "7bit", ours)), "part 1 of the MIME user data: cloud-init takes the content type text/cloud-config for its own"},
		{"a wrong one in MIME", mixed(part("text/plain", "7bit", "#!/usr/bin/leaven firstboot\n")), "cannot read part 1 of the MIME user data: its first line"},
		{"a wrong one of our type", mixed(part("text/x-leaven", "7bit", "#!/usr/bin/leaven\n")), right},
		{"boundary that is not there", strings.ReplaceAll(mixed(part("text/plain", "7bit", ours)), "--==b==", "--==c=="), "no line in it is its boundary, --==b=="},
		{"boundary that cannot be read", strings.Replace(mixed(part("text/plain", "7bit", ours)), `"==b=="`, "==b==", 1), "no boundary that can be read"},
		{"odd encoding", mixed(part("text/plain", "x-uuencode", ours)), "x-uuencode"},
		{"damaged base64 in MIME", mixed(part("text/plain", "base64", encoded(ours)[:41])), "its base64 is damaged"},
		{"damaged base64 of our type", mixed(part("text/x-leaven", "base64", "?")), "its base64 is damaged"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := Find([]byte(c.data))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want one with %q", err, c.want)
			}
			if !p.None() {
				t.Errorf("found %q besides the error", p.Where)
			}
		})
	}
}

func FuzzFind(f *testing.F) {
	for _, seed := range []string{
		"", ours, FirstLine, "\xef\xbb\xbf" + ours, utf16le(ours), zipped(f, ours), encoded(ours), encoded(zipped(f, ours)), "#cloud-config\n",
		file(f, "make-mime.txt"), file(f, "terraform.txt"), file(f, "aws.txt"), mixed(part("text/x-leaven", "base64", encoded("a: 1"))),
		mixed(mixed(mixed(mixed(ours)))), zipped(f, strings.Repeat("a", 2<<20)), "Content-Type: multipart/x; boundary=\n\n--\n" + ours + "--",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Find(data)
		switch {
		case len(p.Text) > limit:
			t.Errorf("found %d bytes", len(p.Text))
		case err != nil && !p.None():
			t.Errorf("found a part in %q with error %v", p.Where, err)
		case p.None() && p.Text != nil:
			t.Error("a text without a place")
		case bytes.HasPrefix(data, []byte(FirstLine+"\n")) && len(data) <= limit && (err != nil || p.None()):
			t.Errorf("user data with our first line is not found: %v", err)
		}
	})
}
