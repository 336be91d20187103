package bake_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/leaven-dev/leaven/bake"
)

// A dry run says what a run then does, to the byte: what is in a folder counts once, with whatever goes first.
func TestPreviewIsWhatIsDone(t *testing.T) {
	dir := grow(t, map[string]string{
		"/home/u/.aws/credentials":    "0123456789",
		"/home/u/.aws/cli/cache/a":    "01234",
		"/home/u/.aws/cli/cache/b":    "012",
		"/home/u/.aws2/credentials":   "01234567",
		"/home/u/alone":               "0",
		"/home/u/.aws/empty/":         "",
		"/home/u/.aws/cli/cache/link": "-> /etc/passwd",
	})
	c := rules(t, bake.Rule{
		Where:  []string{"/home/u/.aws/{credentials,cli/cache/a,cli/cache,cli}", "/home/u/.aws", "/home/u/.aws2", "/home/u/alone"},
		Action: bake.Delete,
	})
	root, p := plan(t, dir, c, bake.Options{})
	preview := p.Preview()
	for i := range preview {
		preview[i].Result = bake.Done
	}
	done := (&bake.Applier{Root: root, Each: func(bake.Change) {}}).Apply(context.Background(), p)
	if diff := cmp.Diff(done, preview); diff != "" {
		t.Errorf("done (-), and what the preview said (+):\n%s", diff)
	}
	if len(done) < 4 {
		t.Errorf("only %d changes: the test shows nothing", len(done))
	}
}
