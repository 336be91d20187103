package bake

import "io/fs"

// absolute are places as patterns that begin at the top: as they are written, and, where links lie on the way that they
// spell out, also as what they lead to. What a rule finds has its real path, and what must stay, must stay under any name.
func (p *Plan) absolute(list []place) []pattern {
	out := absolute(list, p.homes)
	for _, written := range out {
		if real := p.real(written); real != nil {
			out = append(out, real)
		}
	}
	return out
}

// real is the pattern without links in its beginning that has no wildcards; nil where there are none.
func (p *Plan) real(written pattern) pattern {
	at, linked := p.view.top, false
	for len(written) > 0 && !written[0].wild && at.kind == fs.ModeDir {
		next, err := p.view.child(at, written[0].text)
		if err == nil && next.kind == fs.ModeSymlink {
			linked = true
			next, err = p.view.follow(next)
		}
		if err != nil {
			break // nothing is there, or nothing that could be found
		}
		at, written = next, written[1:]
	}
	if !linked {
		return nil
	}
	var out pattern
	for _, name := range at.parts() {
		out = append(out, segment{text: name})
	}
	return append(out, written...)
}
