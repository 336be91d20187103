package baseline

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/leaven-dev/leaven/bake"
	"github.com/leaven-dev/leaven/bake/packages"
)

// Path is where a baseline lies in a tree unless another place is named. Baking takes it out.
const Path = "/var/lib/leaven/baseline"

// Baseline is what a tree held.
type Baseline struct {
	Files    map[string]Entry
	Packages []packages.Package
}

// Entry is one file.
type Entry struct {
	Sum          [sha256.Size]byte
	Size         int64
	Mtime, Ctime int64 // nanoseconds since 1970
}

// Same tells by the metadata alone that a file was not written to: the change time moves with every write and cannot be set
// (inode(7)). False says nothing: a copy of a file has another.
func (e Entry) Same(info fs.FileInfo) bool {
	now := Describe(info)
	return e.Ctime != 0 && now.Size == e.Size && now.Mtime == e.Mtime && now.Ctime == e.Ctime
}

// Describe is an entry without a sum.
func Describe(info fs.FileInfo) Entry {
	e := Entry{Size: info.Size(), Mtime: info.ModTime().UnixNano()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		e.Ctime = st.Ctim.Nano()
	}
	return e
}

// Retouched lists packages whose version is as it was and whose checksums are not: somebody changed the list.
func (b *Baseline) Retouched(now []packages.Package) []packages.Package {
	type key struct{ manager, name string }
	before := map[key]packages.Package{}
	for _, p := range b.Packages {
		before[key{p.Manager, p.Name}] = p
	}
	var list []packages.Package
	for _, p := range now {
		if old, known := before[key{p.Manager, p.Name}]; known && old.Version == p.Version && old.Sums != p.Sums {
			list = append(list, p)
		}
	}
	return list
}

const heading = "leaven-baseline 1"

// Write writes a baseline: a heading, lines of "package" and "file", and the number of files, so that one that was cut
// short is known for it.
func (b *Baseline) Write(w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprintln(out, heading)
	for _, p := range b.Packages {
		fmt.Fprintf(out, "package %s %s %s %s\n", p.Manager, p.Sums, bake.Quote(p.Version), bake.Quote(p.Name))
	}
	for _, name := range slices.Sorted(maps.Keys(b.Files)) {
		e := b.Files[name]
		fmt.Fprintf(out, "file %x %d %d %d %s\n", e.Sum, e.Size, e.Mtime, e.Ctime, bake.Quote(name))
	}
	fmt.Fprintf(out, "end %d\n", len(b.Files))
	return out.Flush()
}

// Read reads what Write wrote.
func Read(r io.Reader) (*Baseline, error) {
	b := &Baseline{Files: map[string]Entry{}}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	number, ended := 0, false
	for lines.Scan() {
		number++
		if err := b.line(number, lines.Text(), &ended); err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if !ended {
		return nil, errors.New("the file is cut short")
	}
	return b, nil
}

func (b *Baseline) line(number int, text string, ended *bool) error {
	if number == 1 {
		if text != heading {
			return errors.New("this is no baseline of this version: take it anew with `leaven bake --baseline`")
		}
		return nil
	}
	if *ended {
		return errors.New("something follows the end")
	}
	kind, rest, _ := strings.Cut(text, " ")
	switch kind {
	case "package":
		f := strings.SplitN(rest, " ", 4)
		if len(f) != 4 {
			return errors.New("a package has four fields")
		}
		b.Packages = append(b.Packages, packages.Package{Manager: f[0], Sums: f[1], Version: f[2], Name: f[3]})
		return nil
	case "file":
		return b.file(rest)
	case "end":
		*ended = true
		if n, err := strconv.Atoi(rest); err != nil || n != len(b.Files) {
			return fmt.Errorf("there are %d files, not %s", len(b.Files), rest)
		}
		return nil
	}
	return fmt.Errorf("unknown word %q", kind)
}

func (b *Baseline) file(text string) error {
	f := strings.SplitN(text, " ", 5)
	if len(f) != 5 {
		return errors.New("a file has five fields")
	}
	var e Entry
	sum, err := hex.DecodeString(f[0])
	if err != nil || len(sum) != len(e.Sum) {
		return errors.New("the sum is none of SHA-256")
	}
	copy(e.Sum[:], sum)
	for i, to := range []*int64{&e.Size, &e.Mtime, &e.Ctime} {
		if *to, err = strconv.ParseInt(f[i+1], 10, 64); err != nil {
			return err
		}
	}
	name, err := bake.Unquote(f[4])
	if err != nil {
		return err
	}
	b.Files[name] = e
	return nil
}
