package packages

import (
	"cmp"
	"crypto"
	_ "crypto/md5" // checksums of dpkg and of old rpm packages
	"crypto/sha256"
	_ "crypto/sha512" // rpm packages may use it
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"syscall"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// Database is what the package managers of a tree recorded. The zero value is one of a tree without any.
type Database struct {
	// Problems say what could not be read, in words. Files that only stood there are as if no package owned them.
	Problems []string

	managers []string
	packages []Package
	files    map[string]file   // by path, without links
	others   map[string][]file // further claims on a path, with other content
	wary     []bool            // by package: do not trust its checksums
}

// A Package is one that is installed.
type Package struct {
	Manager string // "dpkg" or "rpm"
	Name    string // with the architecture where several may be installed side by side
	Version string
	Files   int    // files with a checksum
	Sums    string // digest of all paths and checksums, to see whether they changed
}

// file is a claim: this package installed this content.
type file struct {
	pkg  int32
	hash crypto.Hash
	sum  [32]byte // the first 32 bytes of longer sums
}

// Read reads every database that it finds in the tree. The error is about a tree that cannot be looked at; a database that
// is damaged is in Problems.
func Read(root *rootfs.Root) (*Database, error) {
	db := &Database{files: map[string]file{}, others: map[string][]file{}}
	for _, read := range []func(*rootfs.Root, *Database) error{readDpkg, readRPM} {
		if err := read(root, db); err != nil {
			if errors.Is(err, fs.ErrPermission) {
				return nil, fmt.Errorf("cannot read the package database: %w", err)
			}
			db.Problems = append(db.Problems, fmt.Sprintf("the package database could not be read: %v", err))
		}
	}
	db.wary = make([]bool, len(db.packages))
	return db, nil
}

// Managers lists the package managers that recorded at least one package.
func (db *Database) Managers() []string { return db.managers }

// Packages lists what is installed.
func (db *Database) Packages() []Package { return db.packages }

// Distrust makes as if no checksum of the package were known.
func (db *Database) Distrust(p Package) {
	for i, q := range db.packages {
		if q.Manager == p.Manager && q.Name == p.Name {
			db.wary[i] = true
		}
	}
}

// Hash says which hash the checksum of a file is made with; 0 where none is known. Name is absolute and has no links.
func (db *Database) Hash(name string) crypto.Hash {
	f, known := db.files[name]
	if !known || db.wary[f.pkg] {
		return 0
	}
	return f.hash
}

// Unchanged tells whether a package installed this very content under this name. The sum is made with Hash(name).
func (db *Database) Unchanged(name string, sum []byte) bool {
	f, known := db.files[name]
	if !known {
		return false
	}
	for _, claim := range append([]file{f}, db.others[name]...) {
		if !db.wary[claim.pkg] && claim.hash == f.hash && claim.sum == cut(sum) {
			return true
		}
	}
	return false
}

// cut takes the first 32 bytes of a sum.
func cut(sum []byte) (c [32]byte) {
	copy(c[:], sum)
	return c
}

// claim is a file of a package while the database is being read.
type claim struct {
	path string
	hash crypto.Hash
	sum  []byte
}

// add records a package with its files. Paths must be without links.
func (db *Database) add(p Package, claims []claim) {
	slices.SortFunc(claims, func(a, b claim) int { return cmp.Compare(a.path, b.path) })
	all := sha256.New()
	index := int32(len(db.packages))
	for _, c := range claims {
		fmt.Fprintf(all, "%d %x %q\n", c.hash, c.sum, c.path)
		f := file{pkg: index, hash: c.hash, sum: cut(c.sum)}
		if old, twice := db.files[c.path]; !twice {
			db.files[c.path] = f
		} else if old.sum != f.sum {
			db.others[c.path] = append(db.others[c.path], f)
		}
	}
	p.Files, p.Sums = len(claims), hex.EncodeToString(all.Sum(nil)[:16])
	db.packages = append(db.packages, p)
	if !slices.Contains(db.managers, p.Manager) {
		db.managers = append(db.managers, p.Manager)
	}
}

// absent tells that a database is simply not there.
func absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}
