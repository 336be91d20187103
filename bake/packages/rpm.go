package packages

import (
	"errors"
	"fmt"
	"os"
	"path"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// rpmDirs are where distributions keep rpm's database: Fedora, RHEL 10 and SUSE in /usr, RHEL 9 and Amazon Linux 2023 in
// /var, as RHEL 8 does. One may be a link to the other.
var rpmDirs = [...]string{"/usr/lib/sysimage/rpm", "/var/lib/rpm"}

// readRPM adds what rpm installed.
func readRPM(root *rootfs.Root, db *Database) error {
	where := newFolders(root)
	return eachHeader(root, func(h *header) error {
		p, claims, err := h.pkg(where)
		if err == nil {
			db.add(p, claims)
		}
		return err
	})
}

// RPMFiles calls each with the name of every file and folder that a package of rpm brought along, as the package has it: its
// folders may be links in the tree. "Ghosts", which packages own without bringing them along, such as logs, are left out. A
// tree without rpm has none; after an error, some files are missing.
func RPMFiles(root *rootfs.Root, each func(name string)) error {
	err := eachHeader(root, func(h *header) error { return h.files(func(name string, _ int) { each(name) }) })
	if err != nil {
		return fmt.Errorf("cannot read all of rpm's database: %w", err)
	}
	return nil
}

// eachHeader goes through the databases in the tree.
func eachHeader(root *rootfs.Root, each func(*header) error) error {
	seen := ""
	for _, dir := range rpmDirs {
		d, err := root.OpenDir(dir)
		if absent(err) {
			continue
		}
		if err != nil {
			return err
		}
		name := d.Name()
		if name != seen {
			seen = name
			err = readRPMDir(d, func(blob []byte) error {
				h, err := parseHeader(blob)
				if err != nil {
					return err
				}
				return each(h)
			})
		}
		if err = errors.Join(err, d.Close()); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func readRPMDir(d *rootfs.Dir, each func([]byte) error) error {
	if f, size, err := openBase(d, "rpmdb.sqlite"); f != nil || err != nil {
		if err != nil {
			return err
		}
		defer f.Close()
		return readSQLiteBase(d, f, size, each)
	}
	if f, size, err := openBase(d, "Packages.db"); f != nil || err != nil {
		if err != nil {
			return err
		}
		defer f.Close()
		return readNDB(f, size, each)
	}
	if f, size, err := openBase(d, "Packages"); f != nil || err != nil {
		if err != nil {
			return err
		}
		defer f.Close()
		return readBDB(f, size, each)
	}
	return nil
}

func readSQLiteBase(d *rootfs.Dir, f *os.File, size int64, each func([]byte) error) error {
	var log []byte
	if w, _, err := openBase(d, "rpmdb.sqlite-wal"); err != nil {
		return err
	} else if w != nil {
		if log, err = readAll(w); err != nil {
			return err
		}
	}
	if size == 0 && len(log) == 0 {
		return nil // made and never filled
	}
	base, err := openSQLite(f, size, log)
	if err != nil {
		return err
	}
	return base.rows("Packages", func(columns []any) error { // hnum, blob
		if len(columns) != 2 {
			return errDamaged
		}
		blob, _ := columns[1].([]byte)
		return each(blob)
	})
}

// openBase opens a file of the database; nil where it is not there.
func openBase(d *rootfs.Dir, name string) (*os.File, int64, error) {
	f, err := d.OpenFile(name, os.O_RDONLY, 0)
	if absent(err) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	fi, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, 0, fmt.Errorf("cannot look at %s: %w", path.Join(d.Name(), name), err)
	}
	return f, fi.Size(), nil
}
