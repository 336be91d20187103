package keys

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"syscall"

	"github.com/leaven-dev/leaven/internal/rootfs"
)

// sshdConfig is where sshd reads its options, unless its command line says otherwise.
const sshdConfig = Dir + "/sshd_config"

// maxIncludes bounds how deep files of sshd_config(5) may include one another, as in servconf.c.
const maxIncludes = 16

// ElsewhereConfigured returns the HostKey files that sshd_config names and that are none of those which [Make] looks after,
// as far as they exist: keys that an image brought along and sshd would serve.
func ElsewhereConfigured(root *rootfs.Root) ([]string, error) {
	var found []string
	named, err := configured(root, "hostkey", sshdConfig, 0)
	if err != nil {
		return nil, err
	}
	for _, name := range named {
		if path.Dir(name) == Dir && IsHostKey(path.Base(name)) {
			continue
		}
		there, err := root.Exists(name)
		if err != nil {
			return nil, err
		}
		if there && !slices.Contains(found, name) {
			found = append(found, name)
		}
	}
	return found, nil
}

// configured collects the arguments of a keyword that names a file, such as HostKey, in a file and in what it includes. A file
// that is not there has none.
func configured(root *rootfs.Root, keyword, file string, depth int) ([]string, error) {
	if depth > maxIncludes {
		return nil, fmt.Errorf("cannot read %s: files of sshd_config include one another more than %d deep", file, maxIncludes)
	}
	data, err := root.ReadFile(file)
	if absent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var found []string
	lines := bufio.NewScanner(bytes.NewReader(data))
	for lines.Scan() {
		words := words(lines.Text())
		if len(words) < 2 {
			continue
		}
		switch strings.ToLower(words[0]) {
		case keyword:
			found = append(found, path.Clean(words[1]))
		case "include":
			for _, pattern := range words[1:] {
				if !path.IsAbs(pattern) {
					pattern = path.Join(Dir, pattern)
				}
				files, err := glob(root, pattern)
				if err != nil {
					return nil, fmt.Errorf("cannot follow %q of %s: %w", lines.Text(), file, err)
				}
				for _, f := range files {
					more, err := configured(root, keyword, f, depth+1)
					if err != nil {
						return nil, err
					}
					found = append(found, more...)
				}
			}
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", file, err)
	}
	return found, nil
}

// words splits a line as sshd does: keyword and arguments, "=" allowed between the two, double quotes around an argument; "#"
// opens a comment.
func words(line string) []string {
	const blank = " \t\r\f"
	var list []string
	for rest := strings.TrimLeft(line, blank); rest != "" && rest[0] != '#'; rest = strings.TrimLeft(rest, blank) {
		if rest[0] == '"' {
			word, after, _ := strings.Cut(rest[1:], `"`)
			list, rest = append(list, word), after
			continue
		}
		ends := blank
		if len(list) == 0 {
			ends += "="
		}
		end := strings.IndexAny(rest, ends)
		if end < 0 {
			end = len(rest)
		}
		list, rest = append(list, rest[:end]), rest[end:]
		if len(list) == 1 {
			rest = strings.TrimPrefix(strings.TrimLeft(rest, blank), "=")
		}
	}
	return list
}

// glob is glob(3) in a tree, sorted; a pattern without wildcards is its own result.
func glob(root *rootfs.Root, pattern string) ([]string, error) {
	found := []string{"/"}
	for part := range strings.SplitSeq(strings.Trim(path.Clean(pattern), "/"), "/") {
		var next []string
		for _, dir := range found {
			if !strings.ContainsAny(part, `*?[\`) {
				next = append(next, path.Join(dir, part))
				continue
			}
			names, err := match(root, dir, part)
			if err != nil {
				return nil, err
			}
			next = append(next, names...)
		}
		found = next
	}
	return found, nil
}

func match(root *rootfs.Root, dir, pattern string) ([]string, error) {
	d, err := root.OpenDir(dir)
	if absent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer d.Close()
	entries, err := d.ReadDir()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		hit, err := path.Match(pattern, e.Name())
		if err != nil {
			return nil, err
		}
		if hit && (e.Name()[0] != '.' || pattern[0] == '.') {
			names = append(names, path.Join(dir, e.Name()))
		}
	}
	return names, nil
}

// absent tells that a name leads nowhere: it, or a folder before it, is not there.
func absent(err error) bool { return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) }
