package volume

import (
	"fmt"
	"os/user"
	"strconv"
	"strings"
)

// keep is the number that chown(2) takes for "as it is".
const keep = ^uint32(0)

// owner reads "user", "user:group" or numbers.
func owner(text string) (uid, gid uint32, err error) {
	name, group, both := strings.Cut(text, ":")
	const cure = "make it in the image"
	if uid, err = number(name, func() (string, error) {
		u, err := user.Lookup(name)
		if err != nil {
			return "", err
		}
		return u.Uid, nil
	}); err != nil {
		return 0, 0, fmt.Errorf("cannot find user %s: %w; %s", name, err, cure)
	}
	if !both {
		return uid, keep, nil
	}
	if gid, err = number(group, func() (string, error) {
		g, err := user.LookupGroup(group)
		if err != nil {
			return "", err
		}
		return g.Gid, nil
	}); err != nil {
		return 0, 0, fmt.Errorf("cannot find group %s: %w; %s", group, err, cure)
	}
	return uid, gid, nil
}

func number(text string, lookup func() (string, error)) (uint32, error) {
	if n, err := strconv.ParseUint(text, 10, 31); err == nil {
		return uint32(n), nil
	}
	id, err := lookup()
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(id, 10, 32)
	return uint32(n), err
}
