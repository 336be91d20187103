package packages

import (
	"crypto"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// dpkgDir is dpkg's database (dpkg(1), "FILES"); its layout is described in Debian's deb-md5sums(5) and dpkg-divert(1).
const dpkgDir = "/var/lib/dpkg"

// maxList bounds one list of checksums, in bytes: linux-headers, the longest, has 2 MB; the status of all packages has as
// much as 10.
const maxList = 24 << 20

// readDpkg reads the checksums of all packages, and those of configuration files, which stand in the status file.
func readDpkg(root *rootfs.Root, db *Database) error {
	status, err := readLong(root, path.Join(dpkgDir, "status"))
	if err != nil && !absent(err) {
		return err
	}
	diverted, err := readDiversions(root)
	if err != nil {
		return err
	}
	installed := parseStatus(string(status))
	where := newFolders(root)
	// Images without a package manager (distroless) keep the lists in status.d.
	for _, dir := range []string{"info", "status.d"} {
		if err := readLists(root, path.Join(dpkgDir, dir), func(name, list string) {
			bare, _, _ := strings.Cut(name, ":")
			p := installed[name]
			if p == nil {
				p = &stanza{}
			}
			claims := parseSums(list)
			claims = append(claims, p.conffiles...)
			for i := range claims {
				if d, moved := diverted[claims[i].path]; moved && d.by != bare {
					claims[i].path = d.to
				}
				claims[i].path = where.path(claims[i].path)
			}
			delete(installed, name)
			db.add(Package{Manager: "dpkg", Name: name, Version: p.version}, claims)
		}); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(installed)) { // packages that only have configuration files
		if p := installed[name]; len(p.conffiles) > 0 {
			for i := range p.conffiles {
				p.conffiles[i].path = where.path(p.conffiles[i].path)
			}
			db.add(Package{Manager: "dpkg", Name: name, Version: p.version}, p.conffiles)
		}
	}
	return nil
}

// readLists calls each for every *.md5sums file in dir.
func readLists(root *rootfs.Root, dir string, each func(name, list string)) error {
	d, err := root.OpenDir(dir)
	if absent(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer d.Close()
	entries, err := d.ReadDir()
	if err != nil {
		return err
	}
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ".md5sums")
		if !ok {
			continue
		}
		f, err := d.OpenFile(e.Name(), os.O_RDONLY, 0)
		if err != nil {
			return err
		}
		list, err := readAll(f)
		if err != nil {
			return err
		}
		each(name, string(list))
	}
	return nil
}

// parseSums reads lines of "MD5  path", the path without a leading slash (deb-md5sums(5)). Lines that are otherwise make
// nothing known, which is the safe side.
func parseSums(list string) []claim {
	var claims []claim
	for line := range strings.Lines(list) {
		sum, name, ok := strings.Cut(strings.TrimRight(line, "\n"), "  ")
		if c, good := md5Claim("/"+name, sum); ok && good {
			claims = append(claims, c)
		}
	}
	return claims
}

func md5Claim(name, sum string) (claim, bool) {
	raw, err := hex.DecodeString(sum)
	return claim{path: path.Clean(name), hash: crypto.MD5, sum: raw}, err == nil && len(raw) == crypto.MD5.Size()
}

// stanza is what the status file says of one package.
type stanza struct {
	version   string
	conffiles []claim
}

// parseStatus reads the paragraphs of installed packages, by the name that their lists in info have: with the architecture
// for those that may be installed for several at once.
func parseStatus(text string) map[string]*stanza {
	all := map[string]*stanza{}
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		var name, arch, multi, status string
		s := &stanza{}
		field := ""
		for line := range strings.Lines(paragraph) {
			line = strings.TrimRight(line, "\n")
			if strings.HasPrefix(line, " ") {
				if field == "Conffiles" {
					s.conffile(strings.Fields(line))
				}
				continue
			}
			var value string
			field, value, _ = strings.Cut(line, ":")
			value = strings.TrimSpace(value)
			switch field {
			case "Package":
				name = value
			case "Architecture":
				arch = value
			case "Multi-Arch":
				multi = value
			case "Status":
				status = value
			case "Version":
				s.version = value
			}
		}
		if !strings.HasSuffix(status, " installed") {
			continue
		}
		if multi == "same" {
			name += ":" + arch
		}
		all[name] = s
	}
	return all
}

// conffile takes "path MD5" and leaves those marked obsolete: no package ships them any more. Names have no spaces.
func (s *stanza) conffile(fields []string) {
	if len(fields) != 2 {
		return
	}
	if c, good := md5Claim(fields[0], fields[1]); good {
		s.conffiles = append(s.conffiles, c)
	}
}

// diversion is where the files of all packages but one go.
type diversion struct{ to, by string }

// readDiversions reads three lines for each: from, to, and the package whose own file stays, or ":".
func readDiversions(root *rootfs.Root) (map[string]diversion, error) {
	data, err := readLong(root, path.Join(dpkgDir, "diversions"))
	if err != nil && !absent(err) {
		return nil, err
	}
	lines := strings.Split(string(data), "\n")
	all := map[string]diversion{}
	for i := 0; i+2 < len(lines); i += 3 {
		all[lines[i]] = diversion{to: lines[i+1], by: lines[i+2]}
	}
	return all, nil
}

func readLong(root *rootfs.Root, name string) ([]byte, error) {
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	return readAll(f)
}

func readAll(f *os.File) ([]byte, error) {
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxList+1))
	if err == nil && len(data) > maxList {
		err = fmt.Errorf("%s is larger than %d MiB", path.Base(f.Name()), maxList>>20)
	}
	return data, err
}
