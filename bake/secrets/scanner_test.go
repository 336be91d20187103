package secrets

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"
)

// Whatever is known of a secret stays out of what is reported on it.
func TestHitsHoldNothingOfTheSecret(t *testing.T) {
	s := newTestScanner(t)
	d := newDraw(4)
	for _, p := range files(d) {
		for _, h := range scanBytes(t, s, p.path, p.content) {
			shown := fmt.Sprintf("%+v", h)
			for _, secret := range p.secrets {
				for i := 0; i+6 <= len(secret); i++ {
					if strings.Contains(shown, secret[i:i+6]) {
						t.Errorf("%s: a hit of %s shows a part of the secret", p.name, h.Rule)
					}
				}
			}
			if h.Rule == "" || h.Title == "" || h.Fix == "" || h.Severity == "" || len(h.Hash) != 12 {
				t.Errorf("%s: an incomplete hit: %+v", p.name, h)
			}
		}
	}
}

// A container's names are the way to the secret; bytes that a terminal could take for something else are written \xNN.
func TestWhere(t *testing.T) {
	s := newTestScanner(t)
	content := gzipped(tarred("backup/caf\xe9\n.zip", zipped("etc/app.conf", []byte("a\ntoken = ghp_"+newDraw(1).alnum(36)+"\n"), 8)))
	hits := scanBytes(t, s, "/root/x.tgz", content)
	if len(hits) != 1 || hits[0].Where != `!gzip!backup/caf\xe9\x0a.zip!etc/app.conf` || hits[0].Line != 2 || hits[0].Offset != 10 {
		t.Errorf("%+v", hits)
	}
}

func TestHashes(t *testing.T) {
	token := "ghp_" + newDraw(1).alnum(36)
	content := []byte("a = " + token + "\nb = \"" + token + "\"\n")
	one, other := newTestScanner(t), func() *Scanner { s, _ := New(Options{}); return s }()
	hits := scanBytes(t, one, "/x", content)
	if len(hits) != 2 || hits[0].Hash != hits[1].Hash || hits[0].Hash != Sum(testSalt, []byte(token)) {
		t.Errorf("the same secret under the same salt: %+v", hits)
	}
	if again := scanBytes(t, other, "/x", content); again[0].Hash == hits[0].Hash {
		t.Error("a salt that is drawn gave the same hash")
	}
}

func TestAllowList(t *testing.T) {
	token := "ghp_" + newDraw(1).alnum(36)
	content := []byte("[remote]\nurl = https://bob:" + token + "@git.corp.test/x\npassword = " + newDraw(2).tool() + "\n")
	for _, c := range []struct {
		allow []Allow
		left  int
	}{
		{nil, 2},
		{[]Allow{{Hash: Sum(testSalt, []byte(token))}}, 1},
		{[]Allow{{Rule: "github-token"}}, 1},
		{[]Allow{{Rule: "github-token", Path: "/etc/**"}}, 2},
		{[]Allow{{Path: "/srv/*/.git/config"}}, 0},
		{[]Allow{{Path: `/srv/a\xff/**`}}, 0},
		{[]Allow{{Path: "/srv/*"}}, 2},
		{[]Allow{{Rule: "jwt"}, {Rule: "git-config"}}, 1},
	} {
		s, err := New(Options{Salt: testSalt, Allow: c.allow})
		if err != nil {
			t.Fatal(err)
		}
		if hits := scanBytes(t, s, "/srv/a\xff/.git/config", content); len(hits) != c.left {
			t.Errorf("%+v: %s", c.allow, describe(hits))
		}
	}
	for want, o := range map[string]Options{
		"empty":          {Allow: []Allow{{}}},
		"does not exist": {Allow: []Allow{{Rule: "no-such-rule"}}},
		"12 lower-case":  {Salt: testSalt, Allow: []Allow{{Hash: "XYZ"}}},
		"no salt":        {Allow: []Allow{{Hash: "0123456789ab"}}},
	} {
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// Archives that unfold to more than any machine holds must end soon, in little memory, and be named as not looked at.
func TestBombs(t *testing.T) {
	zeros := func(n int) []byte {
		b := bytes.Repeat([]byte{0}, 1<<20)
		var out bytes.Buffer
		w := gzip.NewWriter(&out)
		for range n {
			w.Write(b)
		}
		w.Close()
		return out.Bytes()
	}
	deep := []byte("x")
	for range 40 {
		deep = gzipped(deep)
	}
	quine := zeros(20)
	for name, content := range map[string][]byte{
		"gzip of 2 GiB":    zeros(2048),
		"gzip of gzips":    gzipped(bytes.Repeat(quine, 100)),
		"40 gzips":         deep,
		"zip of bombs":     zipped("a.gz", bytes.Repeat(zeros(50), 30), 8),
		"base64 of a bomb": []byte(wrap(base64.StdEncoding.EncodeToString(zeros(200)), 76)),
	} {
		s, err := New(Options{MaxExpand: 64 << 20})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		hits, err := s.Scan("/root/x", bytes.NewReader(content), int64(len(content)))
		if !errors.Is(err, ErrIncomplete) || len(hits) > 0 {
			t.Errorf("%s: %v, %s", name, err, describe(hits))
		}
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("%s: took %v", name, d)
		}
	}
}

func TestTimeLimit(t *testing.T) {
	s, err := New(Options{MaxTime: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	content := make([]byte, 4*block)
	if _, err := s.Scan("/x", bytes.NewReader(content), int64(len(content))); !errors.Is(err, ErrIncomplete) {
		t.Errorf("got %v", err)
	}
}

// Errors of the file itself come out, with what was found before.
func TestReadErrors(t *testing.T) {
	broken := errors.New("input/output error")
	token := "ghp_" + newDraw(1).alnum(36)
	for _, content := range [][]byte{[]byte("x = " + token + "\n"), gzipped([]byte("x = " + token + "\n" + strings.Repeat("more of it\n", 9)))} {
		hits, err := newTestScanner(t).Scan("/root/\xff", io.MultiReader(bytes.NewReader(content), iotest.ErrReader(broken)), -1)
		if !errors.Is(err, broken) || errors.Is(err, ErrIncomplete) || len(hits) != 1 || !strings.Contains(err.Error(), `/root/\xff`) {
			t.Errorf("%v, %s", err, describe(hits))
		}
	}
}

func TestConcurrentScans(t *testing.T) {
	s := newTestScanner(t)
	plants := files(newDraw(9))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for _, p := range plants {
				hits, err := s.Scan(p.path, bytes.NewReader(p.content), int64(len(p.content)))
				if miss := p.missing(hits); err != nil || miss != "" {
					t.Errorf("%s: %v %s", p.name, err, miss)
				}
			}
		})
	}
	wg.Wait()
}

// A sparse file of a terabyte is mostly hole: only its data is read.
func TestSparseFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sparse")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	token := "ghp_" + newDraw(1).alnum(36)
	const at = 1 << 39
	if _, err := f.WriteAt([]byte("x = "+token+"\n"), at); err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(1 << 40); err != nil {
		t.Fatalf("this test needs a file system with sparse files: %v", err)
	}
	start := time.Now()
	hits, err := newTestScanner(t).Scan("/var/x", f, 1<<40)
	if err != nil || len(hits) != 1 || hits[0].Offset != at+4 {
		t.Errorf("%+v %v", hits, err)
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("took %v", d)
	}
}

// chunks gives at most a few bytes at a time, cut at random.
type chunks struct {
	r io.Reader
	d draw
}

func (c chunks) Read(p []byte) (int, error) { return c.r.Read(p[:min(len(p), 1+c.d.IntN(9000))]) }

// What is found must not depend on how the reader cuts its data.
func TestChunks(t *testing.T) {
	s := newTestScanner(t)
	d := newDraw(11)
	for _, e := range encodings() {
		content := e.to(t, d, wrapped(d)["password"][0])
		want := scanBytes(t, s, "/opt/app/data", content)
		got, err := s.Scan("/opt/app/data", chunks{bytes.NewReader(content), d}, int64(len(content)))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v\n got %+v\nwant %+v", e.name, err, got, want)
		}
	}
}

// A secret is found wherever it stands against the borders of blocks.
func TestBorders(t *testing.T) {
	s := newTestScanner(t)
	d := newDraw(12)
	token := "glpat-" + d.url64(20)
	line := "\nvalue = " + token + "\n"
	coded := "\n" + base64.StdEncoding.EncodeToString([]byte("0123 password="+d.tool()+" 456")) + "\n"
	utf := string(wide(binary.LittleEndian, "\nupload_password="+d.tool()+"\n", false))
	for _, text := range []string{line, coded, utf} {
		for shift := -len(text) - 8; shift < len(text)+8; shift += 1 + len(text)/40 {
			for _, border := range []int{block, block + behind, block + behind + ahead, 2 * block, 2*block + behind} {
				content := append(bytes.Repeat([]byte("\x01,"), (border+shift)/2+1)[:border+shift], text...)
				content = append(content, bytes.Repeat([]byte(",\x01"), 3000)...)
				if hits := scanBytes(t, s, "/opt/x", content); len(hits) != 1 {
					t.Fatalf("%.12q at %d%+d: %s", text, border, shift, describe(hits))
				}
			}
		}
	}
}

func FuzzScan(f *testing.F) {
	d := newDraw(1)
	for _, e := range encodings() {
		if b := e.to(f, d, wrapped(d)["token"][0]); len(b) < 1<<16 {
			f.Add("/opt/app/x", b, uint64(1))
		}
	}
	for _, p := range append(files(d), friends(f, d)...) {
		if len(p.content) < 1<<14 {
			f.Add(p.path, p.content, uint64(2))
		}
	}
	s, err := New(Options{Salt: testSalt, MaxExpand: 8 << 20})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, name string, content []byte, seed uint64) {
		start := time.Now()
		want, err := s.Scan(name, bytes.NewReader(content), int64(len(content)))
		if err != nil && !errors.Is(err, ErrIncomplete) {
			t.Fatal(err)
		}
		if d := time.Since(start); d > 10*time.Second {
			t.Fatalf("took %v", d)
		}
		got, err2 := s.Scan(name, chunks{bytes.NewReader(content), draw{rand.New(rand.NewPCG(seed, 1))}}, int64(len(content)))
		if !reflect.DeepEqual(got, want) || (err == nil) != (err2 == nil) {
			t.Fatalf("cut differently: %v %v\n got %+v\nwant %+v", err2, err, got, want)
		}
	})
}

// Magic numbers with nothing behind them once kept the scanner at the same place for ever.
func TestEmptyContainers(t *testing.T) {
	s := newTestScanner(t)
	for _, magic := range []string{"070701", "!<arch>\n", "PK\x03\x04", "PK\x07\x08PK\x03\x04", "#! PK\x03\x04", "\x1f\x8b\x08", "\xfd7zXZ\x00", "\x28\xb5\x2f\xfd", "BZh91AY&SY", "SQLite format 3\x00"} {
		for _, rest := range []string{"", "0", strings.Repeat("0", 200), strings.Repeat("\x00", 600), strings.Repeat(magic, 99)} {
			content := []byte(magic + rest + "\ntoken = ghp_" + newDraw(1).alnum(36) + "\n")
			hits, err := s.Scan("/root/x", bytes.NewReader(content), int64(len(content)))
			if len(hits) == 0 && !errors.Is(err, ErrIncomplete) && !strings.HasPrefix(magic, "BZ") {
				t.Errorf("%q with %.10q behind: what follows was not searched", magic, rest)
			}
		}
	}
}
