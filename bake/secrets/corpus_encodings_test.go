package secrets

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// An encoding turns text into bytes that no longer show it.
type encoding struct {
	name string
	to   func(t testing.TB, d draw, text string) []byte
}

func wide(order binary.AppendByteOrder, text string, mark bool) []byte {
	var out []byte
	if mark {
		out = order.AppendUint16(out, 0xfeff)
	}
	for _, c := range utf16.Encode([]rune(text)) {
		out = order.AppendUint16(out, c)
	}
	return out
}

func gzipped(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(b)
	w.Close()
	return out.Bytes()
}

func tarred(name string, b []byte) []byte {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	w.WriteHeader(&tar.Header{Name: "readme", Mode: 0o644, Size: 5})
	w.Write([]byte("hello"))
	w.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(b))})
	w.Write(b)
	w.Close()
	return out.Bytes()
}

func zipped(name string, b []byte, method uint16) []byte {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	f, _ := w.CreateHeader(&zip.FileHeader{Name: name, Method: method})
	f.Write(b)
	w.Close()
	return out.Bytes()
}

func xzed(t testing.TB, b []byte) []byte {
	var out bytes.Buffer
	w, err := xz.NewWriter(&out)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(b)
	w.Close()
	return out.Bytes()
}

func zstded(t testing.TB, b []byte) []byte {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(b, nil)
}

// filtered runs a program over the bytes.
func filtered(t testing.TB, b []byte, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Stdin = bytes.NewReader(b)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("cannot run %s, which this test needs: %v", name, err)
	}
	return out
}

// cpioed writes the new format, by hand.
func cpioed(name string, b []byte) []byte {
	var out bytes.Buffer
	entry := func(name string, mode int, b []byte) {
		fmt.Fprintf(&out, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", 1, mode, 0, 0, 1, 0, len(b), 0, 0, 0, 0, len(name)+1, 0)
		out.WriteString(name + "\x00")
		out.Write(make([]byte, -out.Len()&3))
		out.Write(b)
		out.Write(make([]byte, -out.Len()&3))
	}
	entry("bin", 0o040755, nil)
	entry(name, 0o100600, b)
	entry("TRAILER!!!", 0, nil)
	out.Write(make([]byte, -out.Len()&511))
	return out.Bytes()
}

// sqliteFile makes one with the real sqlite3.
func sqliteFile(t testing.TB, sql string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.db")
	filtered(t, []byte(sql), "sqlite3", path)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// noise is what machine code looks like to a scanner: random bytes with zeros and short words.
func (d draw) noise(n int) []byte {
	out := d.bytes(n)
	for i := 0; i+16 < n; i += 64 {
		copy(out[i:], "\x00\x00\x00.text\x00\x00")
	}
	return out
}

func encodings() []encoding {
	plain := func(f func(text string) []byte) func(testing.TB, draw, string) []byte {
		return func(_ testing.TB, _ draw, text string) []byte { return f(text) }
	}
	b64 := base64.StdEncoding.EncodeToString
	return []encoding{
		{"UTF-16LE with mark", plain(func(s string) []byte { return wide(binary.LittleEndian, s, true) })},
		{"UTF-16BE with mark", plain(func(s string) []byte { return wide(binary.BigEndian, s, true) })},
		{"UTF-16LE", plain(func(s string) []byte { return wide(binary.LittleEndian, s, false) })},
		{"UTF-16BE", plain(func(s string) []byte { return wide(binary.BigEndian, s, false) })},
		{"UTF-16 with umlauts", plain(func(s string) []byte { return wide(binary.LittleEndian, "Größe и так далее\r\n"+s, true) })},
		{"UTF-16 in the middle of a binary", func(_ testing.TB, d draw, s string) []byte {
			return append(append(d.noise(100_001), wide(binary.LittleEndian, s, false)...), d.noise(50_000)...)
		}},
		{"UTF-8 mark", plain(func(s string) []byte { return []byte("\xef\xbb\xbf" + s) })},
		{"Latin-1 around", plain(func(s string) []byte { return []byte("# Schl\xfcssel f\xfcr B\xe4rbel\n" + s) })},
		{"carriage returns only", plain(func(s string) []byte { return []byte(strings.ReplaceAll("a\n"+s, "\n", "\r")) })},
		{"base64", plain(func(s string) []byte { return []byte("data: " + b64([]byte(s)) + "\n") })},
		{"base64 without padding", plain(func(s string) []byte { return []byte(base64.RawStdEncoding.EncodeToString([]byte(s))) })},
		{"base64 for URLs", plain(func(s string) []byte { return []byte("x?d=" + base64.RawURLEncoding.EncodeToString([]byte(s))) })},
		{"base64 wrapped at 76", plain(func(s string) []byte {
			return []byte(wrap(b64([]byte(strings.Repeat("filler line\n", 30)+s)), 76))
		})},
		{"base64 wrapped and indented", plain(func(s string) []byte {
			return []byte("x: |\n  " + strings.ReplaceAll(wrap(b64([]byte(s+strings.Repeat("more\n", 40))), 60), "\n", "\n  "))
		})},
		{"base64 wrapped by CRLF", plain(func(s string) []byte {
			return []byte(strings.ReplaceAll(wrap(b64([]byte("first line of text\n"+s)), 64), "\n", "\r\n"))
		})},
		{"base64 of UTF-16", plain(func(s string) []byte {
			return []byte("powershell -EncodedCommand " + b64(wide(binary.LittleEndian, s, false)) + "\n")
		})},
		{"base64 twice", plain(func(s string) []byte { return []byte(b64([]byte(b64([]byte(s))))) })},
		{"base64 of gzip", plain(func(s string) []byte { return []byte("#gz\n" + wrap(b64(gzipped([]byte(s))), 76)) })},
		{"base64 behind a word", plain(func(s string) []byte { return []byte("cloudinit/" + b64([]byte(s))) })},
		{"base64 of a megabyte", plain(func(s string) []byte {
			return []byte(wrap(b64([]byte(strings.Repeat("nothing to see in this line\n", 40_000)+s+strings.Repeat("nor in this one\n", 1000))), 76))
		})},
		{"hex", plain(func(s string) []byte { return []byte("blob=" + hex.EncodeToString([]byte(s)) + "\n") })},
		{"hex in capitals", plain(func(s string) []byte { return []byte(strings.ToUpper(hex.EncodeToString([]byte(s)))) })},
		{"percent", plain(func(s string) []byte { return []byte("GET /x?q=" + url.QueryEscape(s) + " HTTP/1.1\n") })},
		{"JSON with escapes", plain(func(s string) []byte {
			return []byte(`{"log":"` + strings.NewReplacer("\n", `\n`, `"`, `\"`, "=", `\u003d`).Replace(s) + `"}`)
		})},
		{"gzip", plain(func(s string) []byte { return gzipped([]byte(s)) })},
		{"gzip of several members", plain(func(s string) []byte { return append(gzipped([]byte("one\n")), gzipped([]byte(s))...) })},
		{"bzip2", func(t testing.TB, _ draw, s string) []byte { return filtered(t, []byte(s), "bzip2") }},
		{"xz", func(t testing.TB, _ draw, s string) []byte { return xzed(t, []byte(s)) }},
		{"xz by xz", func(t testing.TB, _ draw, s string) []byte { return filtered(t, []byte(s), "xz", "-9e") }},
		{"zstd", func(t testing.TB, _ draw, s string) []byte { return zstded(t, []byte(s)) }},
		{"zstd by zstd", func(t testing.TB, _ draw, s string) []byte { return filtered(t, []byte(s), "zstd", "-19", "-c") }},
		{"tar", plain(func(s string) []byte { return tarred("etc/app.conf", []byte(s)) })},
		{"tar.gz", plain(func(s string) []byte { return gzipped(tarred("etc/app.conf", []byte(s))) })},
		{"tar.xz", func(t testing.TB, _ draw, s string) []byte { return xzed(t, tarred("etc/app.conf", []byte(s))) }},
		{"zip", plain(func(s string) []byte { return zipped("app.conf", []byte(s), zip.Deflate) })},
		{"zip, stored", plain(func(s string) []byte {
			return filteredZip(s)
		})},
		{"zip in tar.gz in zip", plain(func(s string) []byte {
			return zipped("a.tgz", gzipped(tarred("b.zip", zipped("c/app.conf", []byte(s), zip.Deflate))), zip.Deflate)
		})},
		{"gzip six times", plain(func(s string) []byte {
			b := []byte(s)
			for range 6 {
				b = gzipped(b)
			}
			return b
		})},
		{"cpio", plain(func(s string) []byte { return cpioed("etc/app.conf", []byte(s)) })},
		{"initial RAM disk", func(t testing.TB, _ draw, s string) []byte {
			return append(cpioed("kernel/x86/microcode", make([]byte, 5000)), zstded(t, cpioed("etc/app.conf", []byte(s)))...)
		}},
		{"ar", plain(func(s string) []byte {
			return []byte(fmt.Sprintf("!<arch>\n%-16s%-12d%-6d%-6d%-8s%-10d`\n%s", "app.conf/", 0, 0, 0, "100644", len(s), s))
		})},
		{"script with a zip behind", plain(func(s string) []byte {
			return append([]byte("#!/usr/bin/env python3\n"), zipped("data/app.conf", []byte(s), zip.Deflate)...)
		})},
		{"five megabytes into a binary", func(_ testing.TB, d draw, s string) []byte {
			return append(append(d.noise(5<<20), s...), d.noise(1<<16)...)
		}},
		{"across a block's border", func(_ testing.TB, d draw, s string) []byte {
			return append(append(bytes.Repeat([]byte("padding line of the block\n"), (block+behind+ahead)/26)[:block+d.IntN(ahead)-20], '\n'), s...)
		}},
		{"in a line of a megabyte", func(_ testing.TB, d draw, s string) []byte {
			return []byte(strings.Repeat("word,", 200_000) + strings.ReplaceAll(s, "\n", " ") + strings.Repeat(",word", 1000))
		}},
		{"between zero bytes", plain(func(s string) []byte { return []byte("PATH=/bin\x00" + strings.TrimSpace(s) + "\x00HOME=/\x00") })},
		{"damaged gzip", plain(func(s string) []byte {
			b := gzipped([]byte(s + strings.Repeat("tail of the file, long enough\n", 5000)))
			return b[:len(b)-20]
		})},
		{"sqlite", func(t testing.TB, _ draw, s string) []byte {
			return sqliteFile(t, "create table config(id integer primary key, body text);\ninsert into config(body) values('"+strings.ReplaceAll(s, "'", "''")+"');\n")
		}},
		{"sqlite in UTF-16", func(t testing.TB, _ draw, s string) []byte {
			return sqliteFile(t, "pragma encoding='UTF-16';create table config(id integer primary key, body text);\ninsert into config(body) values('"+strings.ReplaceAll(s, "'", "''")+"');\n")
		}},
		{"sqlite over overflow pages", func(t testing.TB, d draw, s string) []byte {
			pad := strings.Repeat("x y ", 4096/4*3)
			return sqliteFile(t, "pragma page_size=512;create table c(a text);\ninsert into c values('"+pad+d.lower(d.IntN(400))+"\n"+strings.ReplaceAll(s, "'", "''")+"\n"+pad+"');\n")
		}},
		{"sqlite in tar.gz", func(t testing.TB, _ draw, s string) []byte {
			return gzipped(tarred("var/app.db", sqliteFile(t, "create table c(a text, b text);\ninsert into c values('n','"+strings.ReplaceAll(s, "'", "''")+"');\n")))
		}},
	}
}

func filteredZip(s string) []byte {
	// Not archive/zip's streaming form, which puts the sizes of stored members behind them.
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	f, _ := w.CreateRaw(&zip.FileHeader{Name: "app.conf", Method: zip.Store, CompressedSize64: uint64(len(s)), UncompressedSize64: uint64(len(s))})
	f.Write([]byte(s))
	w.Close()
	return out.Bytes()
}

// wrapped are the texts that the encodings hide: a token, a key, and a password that only its name gives away.
func wrapped(d draw) map[string][2]string {
	tool, token := d.tool(), "ghp_"+d.alnum(36)
	key := d.pem("RSA PRIVATE KEY", 1190)
	return map[string][2]string{
		"token":    {"# settings of the service\nupload_to = " + token + "\nretries = 3\n", token},
		"key":      {"some text in front\n" + key + "and behind\n", ""},
		"password": {"# settings of the service\ndb_password = " + tool + "\nretries = 3\n", tool},
	}
}

func TestOddEncodings(t *testing.T) {
	s := newTestScanner(t)
	found, all := 0, 0
	for _, seed := range seeds[:4] {
		d := newDraw(seed)
		for _, e := range encodings() {
			for kind, w := range wrapped(d) {
				content := e.to(t, d, w[0])
				all++
				hits, err := s.Scan("/opt/app/state/data", bytes.NewReader(content), int64(len(content)))
				if err != nil {
					t.Errorf("seed %d: %s in %s: %v", seed, kind, e.name, err)
				}
				ok := len(hits) > 0
				if ok && w[1] != "" {
					ok = false
					for _, h := range hits {
						ok = ok || h.Hash == Sum(testSalt, []byte(w[1]))
					}
				}
				if !ok {
					t.Errorf("seed %d: %s in %s was not found: %s\n%s", seed, kind, e.name, describe(hits), excerpt(content))
					continue
				}
				found++
			}
		}
	}
	t.Logf("%d encodings, found %d of %d", len(encodings()), found, all)
}

// A row's columns stand right behind one another in a database, so the names of columns and of settings must be used.
func TestColumnsOfDatabases(t *testing.T) {
	s := newTestScanner(t)
	d := newDraw(1)
	pw, token := d.tool(), "glpat-"+d.url64(20)
	for name, sql := range map[string]string{
		"column":   "create table users(id integer primary key, name varchar(20), \"password\" text not null, age int);\ninsert into users values(1,'bob','" + pw + "',33);\n",
		"settings": "create table settings(k text primary key, v text) without rowid;\ninsert into settings values('smtp_password','" + pw + "');\n",
		"token":    "create table t(a text, b text, c text);\ninsert into t values('alpha','" + token + "','omega');\n",
		"many":     "create table t(a integer primary key, password text);\nwith recursive n(i) as (select 1 union all select i+1 from n where i<5000) insert into t select i, null from n;\nupdate t set password='" + pw + "' where a=4321;\n",
	} {
		want := pw
		if name == "token" {
			want = token
		}
		ok := false
		for _, h := range scanBytes(t, s, "/var/lib/app/app.db", sqliteFile(t, sql)) {
			ok = ok || h.Hash == Sum(testSalt, []byte(want)) && strings.HasPrefix(h.Where, "!")
		}
		if !ok {
			t.Errorf("%s: the value was not found in its column", name)
		}
	}
}
