package secrets

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ulikunitz/xz/lzma"
)

// run runs a program in dir.
func run(t testing.TB, dir, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir, "GIT_CONFIG_GLOBAL=/dev/null")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("cannot run %s, which this test needs: %v\n%s", name, err, out)
	}
}

// onlyFile reads the one file that fits the pattern.
func onlyFile(t testing.TB, pattern string) []byte {
	t.Helper()
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: want one file, found %d: %v", pattern, len(found), err)
	}
	content, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// packedBy are encodings of programs that only a true copy of their output tells apart.
func packedBy() []encoding {
	piped := func(name string, args ...string) func(testing.TB, draw, string) []byte {
		return func(t testing.TB, d draw, s string) []byte {
			return filtered(t, []byte(s+d.alnum(300_000)), name, args...)
		}
	}
	return []encoding{
		{"lz4", piped("lz4", "-c")},
		{"lz4 -9 in small blocks that refer to one another", piped("lz4", "-9", "-B4", "-BD", "--content-size", "-c")},
		{"lz4 with checksums of blocks", piped("lz4", "-B5", "-BX", "-c")},
		{"lz4 of Linux", piped("lz4", "-l", "-c")},
		{"lz4 twice", func(t testing.TB, _ draw, s string) []byte {
			return filtered(t, filtered(t, []byte(s), "lz4", "-c"), "lz4", "-c")
		}},
		{"lzma", piped("xz", "--format=lzma", "-c")},
		{"lzma with its length", func(t testing.TB, _ draw, s string) []byte {
			var out bytes.Buffer
			w, err := lzma.WriterConfig{SizeInHeader: true, Size: int64(len(s))}.NewWriter(&out)
			if err != nil {
				t.Fatal(err)
			}
			w.Write([]byte(s))
			w.Close()
			return out.Bytes()
		}},
		{"xz in many blocks", func(t testing.TB, d draw, s string) []byte {
			return filtered(t, []byte(d.alnum(300_000)+"\n"+s), "xz", "-T2", "--block-size=65536", "-c")
		}},
		{"xz with each checksum", func(t testing.TB, d draw, s string) []byte {
			return filtered(t, []byte(s), "xz", "-c", "--check="+pick(d, "none", "crc32", "crc64", "sha256"))
		}},
		{"xz in two streams with padding", func(t testing.TB, d draw, s string) []byte {
			return append(append(filtered(t, []byte(d.alnum(99)), "xz", "-c"), 0, 0, 0, 0), filtered(t, []byte(s), "xz", "-c")...)
		}},
		{"zstd behind a skippable frame", func(t testing.TB, d draw, s string) []byte {
			return append([]byte("\x5a\x2a\x4d\x18\x05\x00\x00\x00hello"), zstded(t, []byte(s))...)
		}},
		{"package of rpm", func(t testing.TB, d draw, s string) []byte {
			dir := t.TempDir()
			os.WriteFile(filepath.Join(dir, "body"), []byte(s), 0o600)
			os.WriteFile(filepath.Join(dir, "x.spec"), []byte("Name: x\nVersion: 1\nRelease: 1\nSummary: x\nLicense: x\nBuildArch: noarch\n%description\nx\n%install\nmkdir -p %{buildroot}/etc\ncp "+dir+"/body %{buildroot}/etc/app.conf\n%files\n/etc/app.conf\n"), 0o600)
			run(t, dir, "rpmbuild", "--quiet", "-bb", "--define", "_topdir "+dir, "--define", "_binary_payload "+pick(d, "w9.gzdio", "w6.xzdio", "w3.zstdio"), "x.spec")
			return onlyFile(t, dir+"/RPMS/noarch/*.rpm")
		}},
		{"pack of git, long after the file was removed", func(t testing.TB, d draw, s string) []byte {
			dir := t.TempDir()
			run(t, dir, "git", "init", "-q")
			commit := func(text string) {
				os.WriteFile(filepath.Join(dir, "app.conf"), []byte(text), 0o600)
				run(t, dir, "git", "add", "-A")
				run(t, dir, "git", "-c", "user.name=x", "-c", "user.email=x@x.test", "commit", "-qm", "x")
			}
			commit(s + strings.Repeat("more of it\n", 50))
			commit("nothing\n")
			run(t, dir, "git", "gc", "-q")
			return onlyFile(t, dir+"/.git/objects/pack/*.pack")
		}},
	}
}

func TestPackedByPrograms(t *testing.T) {
	s := newTestScanner(t)
	for _, seed := range seeds[:2] {
		d := newDraw(seed)
		for _, e := range packedBy() {
			for kind, w := range wrapped(d) {
				if hits := scanBytes(t, s, "/opt/app/state/data", e.to(t, d, w[0])); len(hits) == 0 {
					t.Errorf("seed %d: %s in %s was not found", seed, kind, e.name)
				}
			}
		}
	}
}

// What was committed to git once is in its objects.
func TestLooseObjects(t *testing.T) {
	s, d := newTestScanner(t), newDraw(1)
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	w.Write([]byte("blob 80\x00upload_to = ghp_" + d.alnum(36) + "\n"))
	w.Close()
	hits := scanBytes(t, s, "/srv/app/.git/objects/"+d.hex(2)+"/"+d.hex(38), out.Bytes())
	if len(hits) != 1 || hits[0].Where != "!zlib" {
		t.Errorf("%+v", hits)
	}
}

// What cannot be opened must be named as not looked at; in a distribution's tree it is test data.
func TestWhatIsNotOpened(t *testing.T) {
	s, d := newTestScanner(t), newDraw(2)
	sealed := zipped("a.conf", []byte("password = "+d.tool()), zip.Store)
	sealed[6] |= 1
	odd := filteredZip("password = " + d.tool())
	odd[8] = 98
	for name, content := range map[string][]byte{
		"encrypted zip": sealed, "zip with PPMd": odd,
		"7z":               []byte("7z\xbc\xaf\x27\x1c\x00\x04" + d.alnum(500)),
		"rar":              []byte("Rar!\x1a\x07\x01\x00" + d.alnum(500)),
		"compress":         []byte("\x1f\x9d\x90" + d.alnum(500)),
		"xz with a filter": filtered(t, d.bytes(9000), "xz", "--x86", "--lzma2", "-c"),
	} {
		for path, want := range map[string]bool{"/root/backup": true, "/usr/share/x/backup": strings.HasPrefix(name, "xz")} {
			_, err := s.Scan(path, bytes.NewReader(content), int64(len(content)))
			if errors.Is(err, ErrIncomplete) != want {
				t.Errorf("%s as %s: %v", name, path, err)
			}
		}
	}
}

// Windows may hide behind a small one: in a second frame, block or stream, or in a frame without a window of its own.
func TestWindows(t *testing.T) {
	s := newTestScanner(t)
	plain := bytes.Repeat(newDraw(3).bytes(1000), 100)
	zst := func(args ...string) []byte { return filtered(t, plain, "zstd", append(args, "-c")...) }
	xz := func(dict string) []byte { return filtered(t, plain, "xz", "--lzma2=dict="+dict, "-c") }
	for name, c := range map[string]struct {
		content []byte
		unread  bool
	}{
		"zstd of 64 MiB":            {zst("--long=26"), false},
		"zstd of 128 MiB":           {zst("--long=27"), true},
		"zstd of 64 MiB behind":     {append(zst(), zst("--long=26")...), true},
		"xz of 64 MiB":              {xz("64MiB"), false},
		"xz of 1 GiB":               {xz("1GiB"), true},
		"xz of 1 GiB, second":       {append(xz("1MiB"), xz("1GiB")...), true},
		"xz of 1 GiB, known length": {filtered(t, plain, "xz", "-T2", "--block-size=1MiB", "--lzma2=dict=1GiB", "-c"), false},
		"xz in zstd, both 64 MiB":   {filtered(t, xz("64MiB"), "zstd", "--long=26", "-c"), true},
	} {
		_, err := s.Scan("/root/x", bytes.NewReader(c.content), int64(len(c.content)))
		if errors.Is(err, ErrIncomplete) != c.unread {
			t.Errorf("%s: %v", name, err)
		}
	}
}
