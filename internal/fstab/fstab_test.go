package fstab

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func fixtures(t testing.TB) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	names, err := filepath.Glob("testdata/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if fi, err := os.Stat(name); err == nil && fi.IsDir() {
			continue // what the fuzzer found
		}
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(name)] = data
	}
	if len(all) < 4 {
		t.Fatalf("there are %d fixtures", len(all))
	}
	return all
}

var share = Entry{Source: "fs-1.efs.eu-central-1.amazonaws.com:/", Point: "/srv/a b", Type: "nfs4", Options: "nfsvers=4.1,_netdev,nofail"}

// FuzzFile wants that what is not changed is written as it was read, and that a line of ours comes and goes without a trace.
func FuzzFile(f *testing.F) {
	for _, data := range fixtures(f) {
		f.Add(data, "/srv/a b")
	}
	f.Add([]byte(share.String()+",x\n"), "/x")
	f.Fuzz(func(t *testing.T, data []byte, point string) {
		file := Parse(data)
		if got := file.Bytes(); !bytes.Equal(got, data) {
			t.Fatalf("%q became %q", data, got)
		}
		ours := slices.ContainsFunc(file.Entries(), Entry.Ours)
		e := share
		e.Point = "/" + point
		if file.Set(e) != nil {
			return
		}
		once := file.Bytes()
		again := Parse(once)
		if err := again.Set(e); err != nil || !bytes.Equal(again.Bytes(), once) {
			t.Fatalf("a second time: %v\n%q became\n%q", err, once, again.Bytes())
		}
		if ours {
			return
		}
		again.Prune(func(Entry) bool { return false })
		if got := again.Bytes(); !bytes.Equal(got, data) && !bytes.Equal(got, append(slices.Clone(data), '\n')) {
			t.Fatalf("%q became %q", data, got)
		}
	})
}

// TestReadAsOthersRead compares with libmount, which mount(8) is made of.
func TestReadAsOthersRead(t *testing.T) {
	if _, err := exec.LookPath("findmnt"); err != nil {
		t.Fatal("findmnt is missing: install util-linux")
	}
	for name, data := range fixtures(t) {
		if name == "broken" {
			continue // they differ in how they give up
		}
		file := Parse(data)
		odd := Entry{Source: "#host:/with space", Point: "/tab\tand\nline\\end", Type: "nfs4", Options: `context="a:b,c",ro,x=#`}
		for _, e := range []Entry{share, odd} {
			if err := file.Set(e); err != nil {
				t.Fatal(err)
			}
		}
		path := filepath.Join(t.TempDir(), "fstab")
		if err := os.WriteFile(path, file.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("findmnt", "--tab-file", path, "--json", "--list", "--output", "SOURCE,TARGET,FSTYPE,OPTIONS,FREQ,PASSNO").Output()
		if err != nil {
			t.Fatal(err)
		}
		var read struct {
			Filesystems []struct {
				Source, Target, Fstype, Options string
				Freq, Passno                    int
			}
		}
		if err := json.Unmarshal(out, &read); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		var got []Entry
		for _, r := range read.Filesystems {
			got = append(got, Entry{r.Source, r.Target, r.Fstype, r.Options, r.Freq, r.Passno})
		}
		if diff := cmp.Diff(got, file.Entries()); diff != "" {
			t.Errorf("%s: findmnt (-) and we (+) differ:\n%s", name, diff)
		}
		for _, e := range file.Entries() {
			if e.Ours() && e.Point == odd.Point && (e.Source != odd.Source || SplitOptions(e.Options)[0] != `context="a:b,c"`) {
				t.Errorf("got %+v", e)
			}
		}
	}
}

func TestProblems(t *testing.T) {
	var got []string
	for _, p := range Parse(fixtures(t)["broken"]).Problems() {
		got = append(got, p.String())
	}
	want := []string{
		"line 5: it holds a carriage return or a zero byte", "line 6: it names no mount point", "line 7: it names no type",
		`line 8: field 5 is "zero", which is no number`, "line 9: it has more than six fields",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestOnlyOurLineChanges(t *testing.T) {
	foreign := string(fixtures(t)["debian12"])
	other := "# ours, moved up by somebody\n" + strings.Replace(share.String(), "nofail", "nofail,"+Tag, 1) + "\n" + foreign
	file := Parse([]byte(other))
	changed := share
	changed.Source = "other:/"
	if err := file.Set(changed); err != nil {
		t.Fatal(err)
	}
	if got, want := string(file.Bytes()), strings.Replace(other, share.Source, "other:/", 1); got != want {
		t.Errorf("got\n%s", got)
	}
	if removed := file.Prune(func(e Entry) bool { return e.At("/srv/a b/") }); removed != nil {
		t.Errorf("removed %v", removed)
	}
	if removed := file.Prune(func(Entry) bool { return false }); len(removed) != 1 || removed[0].Source != "other:/" {
		t.Errorf("removed %v", removed)
	}
	if got := string(file.Bytes()); got != "# ours, moved up by somebody\n"+foreign {
		t.Errorf("got\n%s", got)
	}
}

func TestSetRefuses(t *testing.T) {
	for _, c := range []struct {
		text string
		e    Entry
		want string
	}{
		{"a:/ /srv/x/ nfs4 rw\n", Entry{Source: "b:/", Point: "/srv/x", Type: "nfs4"}, "line 1, which is not Leaven's"},
		{"a:/ /srv/x nfs4 x-leaven\n\nb:/ /srv//x nfs4 x-leaven\n", Entry{Source: "b:/", Point: "/srv/x", Type: "nfs4"}, "lines 1 and 3"},
		{"", Entry{Source: "b:/", Point: "/srv/x"}, "without a type"},
		{"", Entry{Source: "b:/", Point: "/" + strings.Repeat("x", 4000), Type: "nfs4"}, "4000 bytes"},
		{"", Entry{Source: "b:/", Point: "/a\rb", Type: "nfs4"}, "carriage returns"},
	} {
		file := Parse([]byte(c.text))
		if err := file.Set(c.e); err == nil || !strings.Contains(err.Error(), c.want) || string(file.Bytes()) != c.text {
			t.Errorf("%q: %v, want %q", c.text, err, c.want)
		}
	}
}

func TestSwap(t *testing.T) {
	file := Parse([]byte("/dev/a none swap sw\n"))
	for range 2 {
		for _, source := range []string{"/swap1", "/swap2"} {
			if err := file.Set(Entry{Source: source, Point: "none", Type: "swap"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := string(file.Bytes()); got != "/dev/a none swap sw\n/swap1 none swap x-leaven 0 0\n/swap2 none swap x-leaven 0 0\n" {
		t.Errorf("got\n%s", got)
	}
}
