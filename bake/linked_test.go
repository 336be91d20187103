package bake_test

import (
	"testing"

	"github.com/leaven-dev/leaven/bake"
)

// What must stay is named as people know it, and found where a link leads.
func TestWhatStaysBehindLinks(t *testing.T) {
	files := map[string]string{
		"var/log": "-> /data/log", "data/log/keep/a.log": "x", "data/log/except/a.log": "x", "data/log/app/a.log": "x", "data/log/shipped.log": "x",
		"var/lib/dpkg/info/p.list": "/var/log/shipped.log\n", "tmp": "-> data/tmp", "data/tmp/busy/x": "x", "data/tmp/y": "y",
	}
	c := rules(t,
		bake.Rule{Where: []string{"/var/log/**"}, Except: []string{"/var/log/except"}, Unowned: true, Action: bake.Truncate},
		bake.Rule{Where: []string{"/tmp"}, Busy: []string{"/tmp/busy"}, Action: bake.Empty},
	)
	_, p := plan(t, grow(t, files), c, bake.Options{Keep: []string{"/var/log/keep"}, Stage: bake.Live})
	same(t, planned(p), "ra /data/log/app/a.log", "rb /data/tmp/y")
}

// A file where a folder is to be emptied is not ours to judge.
func TestFileInPlaceOfAFolder(t *testing.T) {
	_, p := plan(t, grow(t, map[string]string{"tmp": "x"}), rules(t, bake.Rule{Where: []string{"/tmp"}, Action: bake.Empty}), bake.Options{})
	same(t, planned(p))
}
