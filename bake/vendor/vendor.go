package vendor

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"syscall"

	"github.com/leaven-dev/leaven/bake"
	"github.com/leaven-dev/leaven/internal/rootfs"
)

// Dir is where the files lie.
const Dir = "/usr/lib/leaven/rules.d"

// Rules are what a tree's files hold.
type Rules struct {
	List   []bake.Rule
	Origin map[string]string // rule id → file
}

// Read reads all files of a tree, sorted by name. Taken are ids that no file may use. Everything that is wrong with any of
// them is in the error: rules that are half understood are not used at all.
func Read(root *rootfs.Root, taken []bake.Rule) (Rules, error) {
	rules := Rules{Origin: map[string]string{}}
	live, err := root.Live()
	if err != nil {
		return rules, err
	}
	d, err := root.OpenDir(Dir)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return rules, nil
	}
	if err != nil {
		return rules, fmt.Errorf("cannot read vendors' rules: %w", err)
	}
	defer d.Close()
	entries, err := d.ReadDir()
	if err != nil {
		return rules, fmt.Errorf("cannot read vendors' rules: %w", err)
	}
	ids := map[string]string{}
	for _, r := range taken {
		ids[r.ID] = "Leaven itself"
	}
	var errs []error
	if live {
		errs = append(errs, trusted(root, Dir))
	}
	for _, e := range entries {
		name := path.Join(Dir, e.Name())
		if strings.HasSuffix(name, ".yml") {
			errs = append(errs, fmt.Errorf("%s: the name must end in .yaml", bake.Quote(name)))
		}
		if !strings.HasSuffix(name, ".yaml") {
			continue
		}
		if live {
			errs = append(errs, trusted(root, name))
		}
		text, err := root.ReadFile(name)
		if err != nil {
			errs = append(errs, fmt.Errorf("cannot read vendors' rules: %w", err))
			continue
		}
		list, err := parse(bake.Quote(name), text, ids)
		errs = append(errs, err)
		for _, r := range list {
			r.Group = strings.TrimSuffix(e.Name(), ".yaml")
			rules.List = append(rules.List, r)
			rules.Origin[r.ID] = name
		}
	}
	if err := errors.Join(errs...); err != nil {
		return Rules{}, err
	}
	return rules, nil
}

// trusted refuses what others than root could write to.
func trusted(root *rootfs.Root, name string) error {
	fi, err := root.Stat(name)
	if err != nil {
		return fmt.Errorf("cannot read vendors' rules: %w", err)
	}
	if st, ok := fi.Sys().(*syscall.Stat_t); !ok || st.Uid != 0 || fi.Mode()&0o022 != 0 {
		return fmt.Errorf("%s: others than root can change it: chown root:root, chmod go-w", bake.Quote(name))
	}
	return nil
}
