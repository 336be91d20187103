package provisioner

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leaven-dev/leaven/bake/wire"
	"github.com/leaven-dev/leaven/packer/internal/rehearsal"
)

// File names of the far side can hold anything, also what moves a terminal's cursor.
func TestNothingRawReachesTheTerminal(t *testing.T) {
	b := newBuild(t, map[string]rehearsal.Act{"audit": {Exit: 1, Error: "\x1b[2Jall is well", Records: []wire.Record{
		{Type: wire.Note, Note: "a\rb\x1b]0;title\x07"},
	}}})
	report := b.fails(t, `\x1b[2Jall is well`)
	if text := b.ui.Output(); strings.ContainsAny(text, "\x1b\r\x07") || !strings.Contains(text, `a\x0db\x1b]0;title\x07`) {
		t.Errorf("output: %q", text)
	}
	if strings.Contains(report.Error, "\x1b") {
		t.Errorf("report: %q", report.Error)
	}
}

func TestReportNeedsAPlaceBeforeAnythingIsDone(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink("/dev/null", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "missing", "report.json"): "report: its folder is not there",
		filepath.Join(dir, "link"):                   "is not a plain file",
		dir:                                          "is not a plain file",
	} {
		b := newBuild(t, nil)
		b.settings["report"] = path
		err := b.run(t)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v does not say %q", path, err, want)
		}
		if n := len(b.comm.Commands()); n > 0 {
			t.Errorf("%s: %d commands were run before", path, n)
		}
	}
}

func TestReportReplacesTheOneBefore(t *testing.T) {
	b := newBuild(t, nil)
	if err := os.WriteFile(b.report, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := b.run(t); err != nil {
		t.Fatal(err)
	}
	if report := b.readReport(t); !report.Sealed {
		t.Errorf("report: %+v", report)
	}
	others, err := filepath.Glob(filepath.Join(filepath.Dir(b.report), ".*"))
	if err != nil || len(others) > 0 {
		t.Errorf("left beside the report: %v, %v", others, err)
	}
}
