package bake

import (
	"strings"

	"github.com/leaven-dev/leaven/bake/packages"
)

// owner knows which files below /etc, /var, /root and /srv a package brought along. It reads the lists of dpkg(1) and rpm(8)
// when the first question comes.
type owner struct {
	view  *view
	files map[string]bool
	moved map[string]string // folders that packages know under the name of a link to them, by their real path
}

func (o *owner) owns(name string) bool {
	if o.files == nil {
		o.read()
	}
	if o.files[name] {
		return true
	}
	for real, known := range o.moved {
		if rest, below := strings.CutPrefix(name, real+"/"); below && o.files[known+"/"+rest] {
			return true
		}
	}
	return false
}

func (o *owner) read() {
	o.files, o.moved = map[string]bool{}, map[string]string{}
	for _, name := range []string{"/etc", "/root", "/srv", "/var", "/var/cache", "/var/lib", "/var/log", "/var/spool"} {
		if n, err := o.view.lookup(name); err == nil && n.path() != name {
			o.moved[n.path()] = name
		}
	}
	o.readDpkg()
	packages.RPMFiles(o.view.root, o.add) // after an error some are missing: what is lost owns nothing
}

func (o *owner) add(name string) {
	for _, top := range []string{"/etc/", "/var/", "/root/", "/srv/"} {
		if strings.HasPrefix(name, top) {
			o.files[name] = true
		}
	}
}

func (o *owner) readDpkg() {
	info, err := o.view.lookup("/var/lib/dpkg/info")
	if err != nil {
		return
	}
	entries, _ := o.view.list(info)
	for _, n := range entries {
		if !strings.HasSuffix(n.name, ".list") || n.kind != 0 {
			continue
		}
		data, err := o.view.read(n, maxEdit)
		if err != nil {
			continue // a list that is lost owns nothing
		}
		for line := range strings.Lines(string(data)) {
			o.add(strings.TrimSuffix(line, "\n"))
		}
	}
}
