package corpus

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Fate is what has to become of something that was planted.
type Fate int

// The fates.
const (
	Removed Fate = iota // must not be there any more
	Cleared             // must be there, empty, with the owner, the mode and the inode that it had
	Reset               // must have Want as its content
	Kept                // must be there as it was, to the byte
)

func (f Fate) String() string { return [...]string{"removed", "cleared", "reset", "kept"}[f] }

// An Item is one file, link or folder that is planted.
type Item struct {
	Path string
	Fate Fate
	Text string      // content; "planted\n" when empty and no link
	Want string      // content afterwards, for Reset
	Mode fs.FileMode // 0640 when 0; with fs.ModeDir a folder
	UID  int
	Link string // makes it a link
}

const planted = "planted\n"

// Plant makes the items in the tree dir, with the folders that they need.
func Plant(dir string, items []Item) error {
	for _, it := range items {
		if err := it.plant(dir); err != nil {
			return fmt.Errorf("cannot plant %s: %w", it.Path, err)
		}
	}
	return nil
}

func (it Item) plant(dir string) error {
	full := filepath.Join(dir, it.Path)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		return err
	}
	switch {
	case it.Link != "":
		os.Remove(full)
		return os.Symlink(it.Link, full)
	case it.Mode.IsDir():
		return os.MkdirAll(full, it.Mode.Perm())
	}
	if err := os.WriteFile(full, []byte(it.text()), it.mode()); err != nil {
		return err
	}
	if err := os.Chown(full, it.UID, it.UID); err != nil {
		return err
	}
	return os.Chmod(full, it.mode()) // the umask took bits away, or chown did
}

func (it Item) text() string {
	if it.Text == "" {
		return planted
	}
	return it.Text
}

func (it Item) mode() fs.FileMode {
	if it.Mode == 0 {
		return 0o640
	}
	return it.Mode
}

// A Witness remembers how planted things looked before cleaning.
type Witness struct {
	dir   string
	items []Item
	infos map[string]fs.FileInfo
}

// See takes note of the items in dir.
func See(dir string, items []Item) (*Witness, error) {
	w := &Witness{dir: dir, items: items, infos: map[string]fs.FileInfo{}}
	for _, it := range items {
		fi, err := os.Lstat(filepath.Join(dir, it.Path))
		if err != nil {
			return nil, err
		}
		w.infos[it.Path] = fi
	}
	return w, nil
}

// Faults lists what did not become of the items what should have.
func (w *Witness) Faults() []string {
	var faults []string
	for _, it := range w.items {
		if err := w.judge(it); err != nil {
			faults = append(faults, fmt.Sprintf("%s must be %v: %v", it.Path, it.Fate, err))
		}
	}
	slices.Sort(faults)
	return faults
}

// Right counts the items of each fate that have become what they should.
func (w *Witness) Right() map[Fate]int {
	right := map[Fate]int{}
	for _, it := range w.items {
		if w.judge(it) == nil {
			right[it.Fate]++
		}
	}
	return right
}

func (w *Witness) judge(it Item) error {
	full := filepath.Join(w.dir, it.Path)
	fi, err := os.Lstat(full)
	if it.Fate == Removed {
		if err == nil {
			return errors.New("it is still there")
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	if err != nil {
		return err
	}
	before := w.infos[it.Path]
	if it.Fate != Reset && (!os.SameFile(before, fi) || before.Mode() != fi.Mode()) {
		return fmt.Errorf("it is another file or has another mode: %v, %v", before.Mode(), fi.Mode())
	}
	switch {
	case it.Link != "":
		target, err := os.Readlink(full)
		if err == nil && target != it.Link {
			err = fmt.Errorf("it leads to %s now", target)
		}
		return err
	case fi.IsDir():
		return nil
	}
	if target, err := os.Readlink(full); err == nil && it.Fate == Reset {
		full = filepath.Join(w.dir, target) // it may have become a link; an absolute one means the tree's
	}
	data, err := os.ReadFile(full)
	if err != nil {
		return err
	}
	want := map[Fate]string{Cleared: "", Reset: it.Want, Kept: it.text()}[it.Fate]
	if string(data) != want {
		return fmt.Errorf("it holds %q, not %q", data, want)
	}
	return nil
}

// all makes items of one fate from paths; "~" at the beginning of a path is every home in homes.
func all(fate Fate, paths string) []Item {
	var items []Item
	for p := range strings.FieldsSeq(paths) {
		p = strings.ReplaceAll(p, "%20", " ")
		rest, home := strings.CutPrefix(p, "~")
		if !home {
			items = append(items, Item{Path: p, Fate: fate})
			continue
		}
		for _, h := range homes() {
			items = append(items, Item{Path: h + rest, Fate: fate})
		}
	}
	return items
}

// filemode is short for lists of modes.
type filemode = fs.FileMode
