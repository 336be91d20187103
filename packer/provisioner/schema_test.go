package provisioner

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/leaven-dev/leaven/bake/report"
	"github.com/leaven-dev/leaven/bake/wire"
	"github.com/leaven-dev/leaven/packer/internal/rehearsal"
)

const schemaFile = "../../docs/packer-report.schema.json"

func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	compiled, err := compiler.Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// full is a build whose report has every field.
func full(t *testing.T) *build {
	t.Helper()
	secret := finding("aws-key", "/srv/.env", report.Warning, report.Dirty)
	secret.Finding.Line, secret.Finding.Hash = 3, "0123456789ab"
	refused := change("host-keys", "/etc/ssh/ssh_host_rsa_key", report.Delete, 0)
	refused.Change.Result, refused.Change.Message = report.Refused, "nothing makes it again"
	records := []wire.Record{refused, {Type: wire.Note, Note: "a note"}}
	for _, action := range []report.Action{report.Delete, report.Truncate, report.Empty, report.Reset, report.Edit, report.Wipe, report.Report, report.Run} {
		records = append(records, change("rule", "/path", action, 1))
	}
	b := newBuild(t, map[string]rehearsal.Act{
		"bake": {Records: append(records, secret), Exit: 1, Error: "1 thing is left", Catalogue: "8636b275a4f04595"},
	})
	file := filepath.Join(t.TempDir(), "bake.yaml")
	if err := os.WriteFile(file, []byte("salt: 0011223344556677\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.settings["config"] = file
	b.settings["allow"] = []map[string]any{{"rule": "private-key", "path": "/srv", "hash": "0123456789ab", "why": "made anew"}}
	return b
}

func TestReportsAreAsTheirSchemaSays(t *testing.T) {
	schema := schema(t)
	for name, c := range map[string]struct {
		b     *build
		fails bool
	}{
		"every field":     {full(t), true},
		"sealed":          {newBuild(t, map[string]rehearsal.Act{"audit": {Records: []wire.Record{finding("r", "/p", report.Error, report.Pending)}}}), false},
		"not whole":       {newBuild(t, map[string]rehearsal.Act{"bake": {NoEnd: true}}), true},
		"nothing was run": {newBuild(t, map[string]rehearsal.Act{"install": {NoBegin: true, NoEnd: true}}), true},
	} {
		t.Run(name, func(t *testing.T) {
			if err := c.b.run(t); (err != nil) != c.fails {
				t.Fatal(err)
			}
			if err := schema.Validate(parse(t, c.b.report)); err != nil {
				t.Error(err)
			}
		})
	}
}

// A schema that takes anything describes nothing.
func TestSchemaRefuses(t *testing.T) {
	schema := schema(t)
	b := newBuild(t, nil)
	if err := b.run(t); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(report map[string]any){
		"another schema":       func(r map[string]any) { r["schema"] = "leaven/packer/2" },
		"no runs":              func(r map[string]any) { delete(r, "runs") },
		"sealed by nothing":    func(r map[string]any) { r["runs"] = []any{} },
		"sealed with an error": func(r map[string]any) { r["error"] = "x" },
		"not sealed, no error": func(r map[string]any) { r["sealed"] = false },
		"sealed, unknown exit": func(r map[string]any) { r["runs"].([]any)[1].(map[string]any)["exit"] = nil },
		"a field of no one":    func(r map[string]any) { r["sudo_password"] = "x" },
	} {
		r := parse(t, b.report).(map[string]any)
		spoil(r)
		if schema.Validate(r) == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// Each field of the report is in the schema, and nothing else is.
func TestSchemaIsComplete(t *testing.T) {
	var doc struct {
		Properties map[string]struct {
			Properties map[string]any `json:"properties"`
			Items      struct {
				Properties map[string]any `json:"properties"`
			} `json:"items"`
		} `json:"properties"`
		Defs map[string]struct {
			Properties map[string]any `json:"properties"`
		} `json:"$defs"`
	}
	data, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		of   any
		keys []string
	}{
		{Report{}, slices.Sorted(maps.Keys(doc.Properties))},
		{SettingsFile{}, slices.Sorted(maps.Keys(doc.Properties["settings"].Properties))},
		{Accepted{}, slices.Sorted(maps.Keys(doc.Properties["accepted"].Items.Properties))},
		{Run{}, slices.Sorted(maps.Keys(doc.Defs["run"].Properties))},
		{report.Change{}, slices.Sorted(maps.Keys(doc.Defs["change"].Properties))},
		{report.Finding{}, slices.Sorted(maps.Keys(doc.Defs["finding"].Properties))},
	} {
		var fields []string
		for field := range reflect.TypeOf(c.of).Fields() {
			key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			fields = append(fields, key)
		}
		slices.Sort(fields)
		if diff := cmp.Diff(fields, c.keys); diff != "" {
			t.Errorf("%T (-fields +schema):\n%s", c.of, diff)
		}
	}
}

func parse(t *testing.T, file string) any {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return v
}
