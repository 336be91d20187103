package imports

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/leaven-dev/leaven/"

// rooms lists for each top-level folder which others it may import, directly or through others. Nobody is listed for
// "e2e" and "cmd": they may import all.
var rooms = map[string][]string{
	"internal":  {"internal"},
	"keys":      {"keys", "internal"},
	"mounts":    {"mounts", "internal"},
	"bake":      {"bake", "keys", "internal"},
	"firstboot": {"firstboot", "mounts", "keys", "internal"},
	"plugins":   {"plugins", "bake", "firstboot", "mounts", "keys", "internal"},
	"packer":    {"packer", "bake", "keys", "internal"},
}

func TestRoomsImportOnlyWhatTheyMay(t *testing.T) {
	seen := map[string]bool{}
	for pkg, deps := range dependencies(t, "./...") {
		own, _, _ := strings.Cut(strings.TrimPrefix(pkg, module), "/")
		allowed, limited := rooms[own]
		seen[own] = true
		if !limited {
			continue
		}
		for _, dep := range deps {
			rest, ours := strings.CutPrefix(dep, module)
			room, _, _ := strings.Cut(rest, "/")
			if ours && !slices.Contains(allowed, room) {
				t.Errorf("%s imports %s: %s may import only %s", pkg, dep, own, strings.Join(allowed, ", "))
			}
		}
	}
	for _, must := range []string{"bake", "firstboot", "keys", "plugins", "packer", "internal"} {
		if !seen[must] {
			t.Errorf("go list found no package in %s: this test looks at nothing", must)
		}
	}
}

// TestAgentStaysSmall names the packages that switch off the linker's removal of unused methods, or that belong to the
// build machine. Cobra imports text/template, but the linker drops it as long as nobody else uses it; that is checked on the
// binary.
func TestAgentStaysSmall(t *testing.T) {
	for pkg, deps := range dependencies(t, "../../cmd/leaven") {
		for _, dep := range deps {
			for _, barred := range []string{"net/rpc", "html/template", "github.com/hashicorp/", module + "packer"} {
				if dep == barred || strings.HasPrefix(dep, barred) {
					t.Errorf("%s is linked with %s, which does not belong on an instance", pkg, dep)
				}
			}
		}
	}
	binary := t.TempDir() + "/leaven"
	if out, err := exec.Command("go", "build", "-o", binary, module+"cmd/leaven").CombinedOutput(); err != nil {
		t.Fatalf("cannot build the agent: %v\n%s", err, out)
	}
	symbols, err := exec.Command("go", "tool", "nm", binary).Output()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(symbols), " main.Main") {
		t.Fatal("go tool nm shows no symbols: this test looks at nothing")
	}
	for line := range strings.Lines(string(symbols)) {
		if strings.Contains(line, " text/template.(*Template).Execute") {
			t.Errorf("the agent holds %s: something keeps text/template alive", strings.TrimSpace(line))
		}
	}
}

// dependencies maps each package that a pattern names to all that it is linked with, without tests.
func dependencies(t *testing.T, pattern string) map[string][]string {
	t.Helper()
	cmd := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Deps " "}}`, pattern)
	if pattern == "./..." {
		cmd.Dir = "../.."
	}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %s: %v", pattern, err)
	}
	all := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		all[fields[0]] = fields[1:]
	}
	return all
}
