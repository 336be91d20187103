package secrets

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"mime/quotedprintable"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// disguises are further encodings, meaner ones than those in encodings.
func disguises() []encoding {
	plain := func(f func(text string) []byte) func(testing.TB, draw, string) []byte {
		return func(_ testing.TB, _ draw, text string) []byte { return f(text) }
	}
	b64 := base64.StdEncoding.EncodeToString
	at := func(offset int) func(testing.TB, draw, string) []byte {
		return func(_ testing.TB, d draw, s string) []byte {
			out := append(bytes.Repeat([]byte("padding, "), offset/9+1)[:offset-10-d.IntN(30)], '\n')
			return append(append(out, s...), bytes.Repeat([]byte("and more\n"), 5000)...)
		}
	}
	return []encoding{
		{"across 4 KiB", at(4 << 10)},
		{"across 64 KiB", at(64 << 10)},
		{"across 1 MiB", at(1 << 20)},
		{"across 4 MiB", at(4 << 20)},
		{"8 MiB into an ELF file", func(_ testing.TB, d draw, s string) []byte {
			return append(append(append([]byte("\x7fELF\x02\x01\x01\x00"), d.noise(8<<20)...), "\x00"+s+"\x00"...), d.noise(9999)...)
		}},
		{"tar in zip in base64", plain(func(s string) []byte {
			return []byte(wrap(b64(zipped("x.tar", tarred("etc/app.conf", []byte(s)), zip.Deflate)), 76))
		})},
		{"gzip in base64 in JSON in gzip", plain(func(s string) []byte {
			return gzipped([]byte(`{"UserData":"` + b64(gzipped([]byte(s))) + `"}`))
		})},
		{"base64 in base64 in gzip", plain(func(s string) []byte { return gzipped([]byte(b64([]byte("data:" + b64([]byte(s)))))) })},
		{"base64 of a zip, for URLs", plain(func(s string) []byte {
			return []byte("blob=" + base64.RawURLEncoding.EncodeToString(zipped("a", []byte(s), zip.Deflate)))
		})},
		{"hex of gzip", plain(func(s string) []byte { return []byte(hex.EncodeToString(gzipped([]byte(s)))) })},
		{"hex with line ends", plain(func(s string) []byte { return []byte(wrap(hex.EncodeToString([]byte(s+s)), 60)) })},
		{"percent, in lower case and complete", plain(func(s string) []byte {
			var out strings.Builder
			for _, c := range []byte(s) {
				fmt.Fprintf(&out, "%%%02x", c)
			}
			return []byte("q=" + out.String())
		})},
		{"percent twice", plain(func(s string) []byte { return []byte("/x?r=" + url.QueryEscape(url.QueryEscape(s))) })},
		{"JSON in JSON in JSON", plain(func(s string) []byte {
			for range 3 {
				b, _ := json.Marshal(map[string]string{"log": s})
				s = string(b)
			}
			return []byte(s)
		})},
		{"block scalar of YAML", plain(func(s string) []byte {
			return []byte("files:\n  app.conf: |\n    " + strings.ReplaceAll(s, "\n", "\n    ") + "\nother: 1\n")
		})},
		{"block scalar of YAML, in a manifest in base64", plain(func(s string) []byte {
			return []byte("write_files:\n- encoding: b64\n  content: " + b64([]byte("x: |\n  "+strings.ReplaceAll(s, "\n", "\n  "))) + "\n")
		})},
		{"CRLF and a mark", plain(func(s string) []byte { return []byte("\xef\xbb\xbf" + strings.ReplaceAll(s, "\n", "\r\n")) })},
		{"UTF-16 with CRLF", plain(func(s string) []byte { return wide(binary.LittleEndian, strings.ReplaceAll(s, "\n", "\r\n"), true) })},
		{"UTF-16 in gzip", plain(func(s string) []byte { return gzipped(wide(binary.BigEndian, s, true)) })},
		{"UTF-16 of base64", plain(func(s string) []byte { return wide(binary.LittleEndian, "x="+b64([]byte(s))+"\r\n", true) })},
		{"quoted-printable", plain(func(s string) []byte {
			var out bytes.Buffer
			out.WriteString("Content-Transfer-Encoding: quoted-printable\r\n\r\n")
			w := quotedprintable.NewWriter(&out)
			w.Write([]byte(s))
			w.Close()
			return out.Bytes()
		})},
		{"mail with an attachment", plain(func(s string) []byte {
			return []byte("From: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\r\n" + strings.ReplaceAll(wrap(b64([]byte(s)), 76), "\n", "\r\n") + "--b--\r\n")
		})},
		{"XML with entities", plain(func(s string) []byte {
			return []byte("<x>" + strings.NewReplacer("&", "&amp;", "<", "&lt;", "=", "&#61;").Replace(s) + "</x>")
		})},
		{"CDATA", plain(func(s string) []byte { return []byte("<x><![CDATA[" + s + "]]></x>") })},
		{"terminal colours", plain(func(s string) []byte { return []byte("\x1b[32m" + s + "\x1b[0m\n") })},
		{"pickle", plain(func(s string) []byte {
			return append(binary.LittleEndian.AppendUint32([]byte("\x80\x04\x95\x50\x00\x00\x00\x00\x00\x00\x00}\x94\x8c\x04body\x94X"), uint32(len(s))), s+"\x94s."...)
		})},
		{"journal field", plain(func(s string) []byte {
			out := append([]byte("LPKSHHRH"), make([]byte, 240)...)
			line := "MESSAGE=" + strings.ReplaceAll(s, "\n", " ")
			out = append(append(out, 1, 0, 0, 0, 0, 0, 0, 0), binary.LittleEndian.AppendUint64(nil, uint64(64+len(line)))...)
			return append(append(append(out, make([]byte, 48)...), line...), make([]byte, 64)...)
		})},
		{"write-ahead log of sqlite", func(t testing.TB, _ draw, s string) []byte {
			dir := t.TempDir()
			filtered(t, []byte(".dbconfig no_ckpt_on_close on\npragma journal_mode=wal;\ncreate table c(a text);\ninsert into c values('"+strings.ReplaceAll(s, "'", "''")+"');\n"), "sqlite3", filepath.Join(dir, "x.db"))
			b, err := os.ReadFile(filepath.Join(dir, "x.db-wal"))
			if err != nil {
				t.Fatal(err)
			}
			return b
		}},
		{"deleted row of sqlite", func(t testing.TB, _ draw, s string) []byte {
			return sqliteFile(t, "pragma secure_delete=off;create table c(a text);\ninsert into c values('"+strings.ReplaceAll(s, "'", "''")+"');\ndelete from c;\n")
		}},
		{"sqlite with pages of 64 KiB", func(t testing.TB, _ draw, s string) []byte {
			return sqliteFile(t, "pragma page_size=65536;create table c(k text primary key, v blob) without rowid;\ninsert into c values('a',cast('"+strings.ReplaceAll(s, "'", "''")+"' as blob));\n")
		}},
		{"gzip blob in sqlite", func(t testing.TB, _ draw, s string) []byte {
			return sqliteFile(t, "create table c(a blob);\ninsert into c values(x'"+hex.EncodeToString(gzipped([]byte(s)))+"');\n")
		}},
		{"long line of JSON", func(_ testing.TB, d draw, s string) []byte {
			b, _ := json.Marshal(s)
			return []byte(`{"a":[` + strings.Repeat(`{"k":1,"v":"x"},`, 150_000) + string(b) + `]}`)
		}},
		{"gzip behind a script", plain(func(s string) []byte {
			return append([]byte("#!/bin/sh\ntail -n +4 $0 | gunzip | sh\nexit\n"), gzipped([]byte(s))...)
		})},
		{"tar.gz behind a script", plain(func(s string) []byte {
			return append([]byte("#!/bin/sh\nsed '1,/^#END/d' $0 | tar xz\nexit\n#END\n"), gzipped(tarred("a", []byte(s)))...)
		})},
	}
}

func TestDisguises(t *testing.T) {
	s := newTestScanner(t)
	found, all := 0, 0
	for _, seed := range seeds[:3] {
		d := newDraw(seed)
		for _, e := range disguises() {
			for kind, w := range wrapped(d) {
				all++
				if hits := scanBytes(t, s, "/opt/app/state/data", e.to(t, d, w[0])); len(hits) == 0 {
					t.Errorf("seed %d: %s in %s was not found", seed, kind, e.name)
				} else {
					found++
				}
			}
		}
	}
	t.Logf("%d disguises, found %d of %d", len(disguises()), found, all)
}
