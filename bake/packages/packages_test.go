package packages

import (
	"compress/gzip"
	"crypto"
	"crypto/md5"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/leaven-dev/leaven/bake/treetest"
	"github.com/leaven-dev/leaven/internal/rootfs"
)

func read(t *testing.T, root *rootfs.Root) *Database {
	t.Helper()
	db, err := Read(root)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func md5hex(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

func unchanged(db *Database, name, content string) bool {
	h := db.Hash(name)
	if h == 0 {
		return false
	}
	sum := h.New()
	io.WriteString(sum, content)
	return db.Unchanged(name, sum.Sum(nil))
}

const status = `Package: tool
Status: install ok installed
Architecture: amd64
Version: 1.0-2
Conffiles:
 /etc/tool.conf ` + "CONF" + `
 /etc/old.conf d41d8cd98f00b204e9800998ecf8427e obsolete
Description: a tool
 Conffiles: no

Package: libtool
Status: install ok installed
Architecture: amd64
Multi-Arch: same
Version: 3

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1
Conffiles:
 /etc/gone.conf d41d8cd98f00b204e9800998ecf8427e
`

func dpkgTree(t *testing.T) *rootfs.Root {
	return treetest.Open(t, map[string]string{
		"var/lib/dpkg/status":                     strings.Replace(status, "CONF", md5hex("a=1\n"), 1),
		"var/lib/dpkg/info/tool.md5sums":          md5hex("tool") + "  bin/tool\n" + md5hex("other") + "  usr/share/x\nnonsense\n",
		"var/lib/dpkg/info/libtool:amd64.md5sums": md5hex("lib") + "  usr/lib/libtool.so\n",
		"var/lib/dpkg/info/tool.list":             "/bin/tool\n",
		"var/lib/dpkg/diversions":                 "/usr/share/x\n/usr/share/x.distrib\nlibtool\n",
		"bin":                                     "->usr/bin",
		"usr/bin/tool":                            "tool",
		"usr/share/x.distrib":                     "other",
		"etc/tool.conf":                           "a=1\n",
	})
}

func TestDpkg(t *testing.T) {
	db := read(t, dpkgTree(t))
	if diff := cmp.Diff([]string{"dpkg"}, db.Managers()); diff != "" || len(db.Problems) > 0 {
		t.Errorf("managers: %s, problems %q", diff, db.Problems)
	}
	for _, c := range []struct {
		name, content string
		want          bool
	}{
		{"/usr/bin/tool", "tool", true}, // listed as bin/tool, and /bin is a link
		{"/bin/tool", "tool", false},    // not a name without links
		{"/usr/bin/tool", "toolx", false},
		{"/usr/share/x.distrib", "other", true}, // diverted
		{"/usr/share/x", "other", false},
		{"/usr/lib/libtool.so", "lib", true},
		{"/etc/tool.conf", "a=1\n", true},
		{"/etc/tool.conf", "a=2\n", false},
		{"/etc/old.conf", "", false},  // obsolete: nobody ships it
		{"/etc/gone.conf", "", false}, // its package is removed
	} {
		if got := unchanged(db, c.name, c.content); got != c.want {
			t.Errorf("%s with %q unchanged: got %v, want %v", c.name, c.content, got, c.want)
		}
	}
	versions := map[string]string{}
	for _, p := range db.Packages() {
		versions[p.Name] = p.Version
	}
	if diff := cmp.Diff(map[string]string{"tool": "1.0-2", "libtool:amd64": "3"}, versions); diff != "" {
		t.Error(diff)
	}
}

func TestDistrust(t *testing.T) {
	db := read(t, dpkgTree(t))
	db.Distrust(Package{Manager: "dpkg", Name: "tool"})
	if unchanged(db, "/usr/bin/tool", "tool") {
		t.Error("a file of a package that is not trusted counts as unchanged")
	}
	if !unchanged(db, "/usr/lib/libtool.so", "lib") {
		t.Error("distrust of one package hit another")
	}
}

func TestSumsFollowTheLists(t *testing.T) {
	root := dpkgTree(t)
	before := read(t, root).Packages()
	list := md5hex("evil") + "  bin/tool\n" + md5hex("other") + "  usr/share/x\n"
	if err := root.WriteFile("/var/lib/dpkg/info/tool.md5sums", []byte(list), 0o644); err != nil {
		t.Fatal(err)
	}
	for i, p := range read(t, root).Packages() {
		if changed := p.Sums != before[i].Sums; changed != (p.Name == "tool") {
			t.Errorf("%s: sums changed: %v", p.Name, changed)
		}
	}
}

func TestNoDatabase(t *testing.T) {
	db := read(t, treetest.Open(t, map[string]string{"etc/passwd": ""}))
	if len(db.Managers()) > 0 || len(db.Problems) > 0 || db.Hash("/etc/passwd") != 0 {
		t.Errorf("an empty tree has %v, %q", db.Managers(), db.Problems)
	}
}

func fixture(t *testing.T, name string) []byte {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name+".gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// The database is rpm's own; one of its packages stands only in the write-ahead log.
func TestRPM(t *testing.T) {
	for _, dir := range []string{"usr/lib/sysimage/rpm", "var/lib/rpm"} {
		root := treetest.Open(t, map[string]string{
			dir + "/rpmdb.sqlite":     string(fixture(t, "rpmdb.sqlite")),
			dir + "/rpmdb.sqlite-wal": string(fixture(t, "rpmdb.sqlite-wal")),
			"lib":                     "->usr/lib",
			"usr/lib/tiny/hello.py":   "",
		})
		checkRPM(t, read(t, root), true)
	}
}

// The file was written by Berkeley DB itself, as testdata/README.md says.
func TestBerkeleyDB(t *testing.T) {
	files := map[string]string{"var/lib/rpm/Packages": string(fixture(t, "Packages")), "lib": "->usr/lib", "usr/lib/tiny/hello.py": ""}
	checkRPM(t, read(t, treetest.Open(t, files)), true)
	files["var/lib/rpm/Packages"] = files["var/lib/rpm/Packages"][:40<<10]
	if db := read(t, treetest.Open(t, files)); len(db.Problems) != 1 || db.Hash("/usr/lib/tiny/hello.py") != 0 {
		t.Errorf("half a database: problems %q", db.Problems)
	}
}

func TestRPMFiles(t *testing.T) {
	root := treetest.Open(t, map[string]string{"var/lib/rpm/Packages": string(fixture(t, "Packages"))})
	owned := map[string]bool{}
	if err := RPMFiles(root, func(name string) { owned[name] = true }); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"/etc/tiny/tiny.conf": true, "/usr/share/many/file-number-400.txt": true, "/var/log/tiny.log": false, "/etc/passwd": false} {
		if owned[name] != want {
			t.Errorf("%s is owned: %v", name, owned[name])
		}
	}
	if err := RPMFiles(treetest.Open(t, map[string]string{"etc/passwd": ""}), func(string) { t.Error("a file of nobody's") }); err != nil {
		t.Error(err)
	}
	if err := RPMFiles(treetest.Open(t, map[string]string{"var/lib/rpm/Packages": "no database"}), func(string) {}); err == nil {
		t.Error("a database that is none has no error")
	}
}

func TestRPMWithoutItsLog(t *testing.T) {
	log := fixture(t, "rpmdb.sqlite-wal")
	log[len(log)-1] ^= 1 // a torn write: the transaction never became valid
	checkRPM(t, read(t, treetest.Open(t, map[string]string{
		"var/lib/rpm/rpmdb.sqlite":     string(fixture(t, "rpmdb.sqlite")),
		"var/lib/rpm/rpmdb.sqlite-wal": string(log),
		"lib":                          "->usr/lib",
	})), false)
}

func checkRPM(t *testing.T, db *Database, tiny bool) {
	t.Helper()
	want := []Package{{Manager: "rpm", Name: "many.noarch", Version: "1-1", Files: 400}}
	if tiny {
		want = append(want, Package{Manager: "rpm", Name: "tiny.noarch", Version: "4:1.2-3", Files: 2})
	}
	var got []Package
	for _, p := range db.Packages() {
		if len(p.Sums) != 32 {
			t.Errorf("%s has the digest %q", p.Name, p.Sums)
		}
		p.Sums = ""
		got = append(got, p)
	}
	slices.SortFunc(got, func(a, b Package) int { return strings.Compare(a.Name, b.Name) }) // hash tables have no order
	if diff := cmp.Diff(want, got); diff != "" || len(db.Problems) > 0 {
		t.Errorf("packages (problems %q):\n%s", db.Problems, diff)
	}
	if !unchanged(db, "/usr/share/many/file-number-400.txt", "file 400\n") || unchanged(db, "/usr/share/many/file-number-400.txt", "file 40\n") {
		t.Error("the last file of a long list is not known by its content")
	}
	if got := unchanged(db, "/usr/lib/tiny/hello.py", "print(\"hello\")\n"); got != tiny {
		t.Errorf("hello.py unchanged: %v", got)
	}
	if db.Hash("/var/log/tiny.log") != 0 || db.Hash("/usr/lib/tiny/link.py") != 0 {
		t.Error("a ghost or a link has a checksum")
	}
	if tiny && db.Hash("/etc/tiny/tiny.conf") != crypto.SHA256 {
		t.Error("a configuration file has no checksum")
	}
}

// The headers are rpm's own; the file around them is made here as lib/backend/ndb of rpm 4.18 lays it out. The reader was
// also tried on the database of a SUSE Linux Enterprise 15 base container.
func TestNDB(t *testing.T) {
	root := treetest.Open(t, map[string]string{
		"var/lib/rpm/rpmdb.sqlite":     string(fixture(t, "rpmdb.sqlite")),
		"var/lib/rpm/rpmdb.sqlite-wal": string(fixture(t, "rpmdb.sqlite-wal")),
	})
	d, err := root.OpenDir("/var/lib/rpm")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	f, size, err := openBase(d, "rpmdb.sqlite")
	if err != nil {
		t.Fatal(err)
	}
	var blobs [][]byte
	if err := readSQLiteBase(d, f, size, func(b []byte) error { blobs = append(blobs, b); return nil }); err != nil {
		t.Fatal(err)
	}
	checkRPM(t, read(t, treetest.Open(t, map[string]string{
		"var/lib/rpm/Packages.db": string(ndb(blobs)),
		"lib":                     "->usr/lib",
		"usr/lib/tiny/hello.py":   "",
	})), true)
}

func ndb(blobs [][]byte) []byte {
	u32 := binary.LittleEndian.AppendUint32
	file := append([]byte("RpmP"), make([]byte, 28)...)
	binary.LittleEndian.PutUint32(file[12:], 1)
	body := []byte{}
	for i, b := range blobs {
		block := uint32(4096+len(body)) / 16
		file = append(file, "Slot"...)
		file = u32(u32(u32(file, uint32(i+1)), block), uint32(len(b)+16+12+15)/16)
		body = append(body, "BlbS"...)
		body = append(u32(u32(u32(body, uint32(i+1)), 1), uint32(len(b))), b...)
		body = append(body, make([]byte, 12)...) // the tail, which is not read
		body = append(body, make([]byte, (16-len(body)%16)%16)...)
	}
	for len(file) < 4096 {
		file = append(file, "Slot\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"...)
	}
	return append(file, body...)
}

// Damage must end in a problem, never in a panic, an endless loop, or a file that counts as unchanged.
func TestDamagedRPM(t *testing.T) {
	for _, name := range []string{"rpmdb.sqlite", "Packages"} {
		whole := fixture(t, name)
		for at := 8; at < len(whole); at += 8 + at/32 { // most of them where the structure is
			broken := append([]byte(nil), whole...)
			broken[at] ^= 0xff
			db := read(t, treetest.Open(t, map[string]string{"var/lib/rpm/" + name: string(broken)}))
			if unchanged(db, "/usr/share/many/file-number-1.txt", "something else") {
				t.Fatalf("%s, byte %d broken: other content counts as unchanged", name, at)
			}
		}
	}
	for _, name := range []string{"rpmdb.sqlite", "Packages.db", "Packages"} {
		db := read(t, treetest.Open(t, map[string]string{"var/lib/rpm/" + name: "SQLite format 3\x00" + strings.Repeat("\xff", 5000)}))
		if len(db.Problems) != 1 {
			t.Errorf("%s damaged: problems %q", name, db.Problems)
		}
	}
}

func TestLongSumsAreCut(t *testing.T) {
	sum := sha256.Sum256([]byte("x"))
	if cut(sum[:]) != sum || cut(append(sum[:], 1, 2, 3)) != sum {
		t.Error("the first 32 bytes of a sum do not count alone")
	}
}
