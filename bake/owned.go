package bake

import (
	"strings"
)

// owner knows which files below /etc, /var, /root and /srv a package brought along. It reads the lists of dpkg(1) when the
// first question comes; rpm's are not read, for what rpm owns in the places that are asked about are logs ("%ghost").
type owner struct {
	view  *view
	files map[string]bool
}

func (o *owner) owns(name string) bool {
	if o.files == nil {
		o.read()
	}
	return o.files[name]
}

func (o *owner) read() {
	o.files = map[string]bool{}
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
			for _, top := range []string{"/etc/", "/var/", "/root/", "/srv/"} {
				if strings.HasPrefix(line, top) {
					o.files[strings.TrimSuffix(line, "\n")] = true
				}
			}
		}
	}
}
