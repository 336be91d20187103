package accounts

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/leaven-dev/leaven/bake"
	"github.com/leaven-dev/leaven/bake/treetest"
	"github.com/leaven-dev/leaven/internal/rootfs"
)

// The hashes of this package's tests were made by crypt(3) of Debian 12.
const (
	yescryptPacker  = "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$kFAnxtFKZvsXyIrxQneJ6PPx2.Yb5..1VjYmvzsQGx7"
	yescryptOther   = "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$lIKOsgk8yEQm1PKYfSfwjzt0HIeMEPhXx7fJ048rbg6"
	sha512Vagrant   = "$6$saltstring$zlrVSyXPcsAwCMOjplYx22MfEor.jlDA8XIfkDtHw2PJMJS5F6qezKdMxAZvO0Bt/vjPctv/a3Oj0cuj27NiP1"
	sha512Changeme  = "$6$rounds=10000$saltstringsaltst$ioJIBIa8zONEI4i/woCSvahWQu94KjO1V7C8FUllPoTOYHQdtUcX2VkUkhMYfbiUTLnUqM1.kA/qYRXXcQi3D."
	sha512Other     = "$6$saltstring$HeKWCanVMkv8W2avLhej/1gcFVk4HLxHV8sDejT6TOnvld2.BMTK4KKTrU0WkI0yK6b1VDeVmrBLJ0fOTJB5O1"
	sha256Deploy123 = "$5$abcdefgh$bjpfAxuB5motwke7BTKEDin2gsIjL7vREJZMFd6M.n5"
	md5Admin        = "$1$abcdefgh$l/LAqC8oJERu7Cmx6trtY/"
	bcryptRoot      = "$2b$10$abcdefghijklmnopqrstuulWTcZfVtnhlad3wt/ddB/hpQzfut/Pe"
	desTest         = "abgOeLfPimXQo"
)

// short writes findings as "severity rule path:line message", or "unknown path:line".
func short(found []bake.Finding) []string {
	var out []string
	for _, f := range found {
		if f.State == bake.Unknown {
			out = append(out, fmt.Sprintf("unknown %s:%d", f.Path, f.Line))
			continue
		}
		out = append(out, fmt.Sprintf("%s %s %s:%d %s", f.Severity, f.Rule, f.Path, f.Line, f.Message))
	}
	return out
}

// want looks through a tree and compares.
func want(t *testing.T, profile string, files map[string]string, findings ...string) {
	t.Helper()
	found, _ := Look(context.Background(), treetest.Open(t, files), profile)
	sorted := cmpopts.SortSlices(func(a, b string) bool { return a < b })
	if diff := cmp.Diff(findings, short(found), sorted, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, f := range found {
		if f.Fix == "" || f.Message == "" {
			t.Errorf("%s says nothing: %+v", f.Rule, f)
		}
		for _, hash := range []string{yescryptPacker, sha512Vagrant, md5Admin, desTest, sha512Other} {
			if strings.Contains(f.Message+f.Fix, hash) {
				t.Errorf("%s prints a hash", f.Rule)
			}
		}
	}
}

func printFindings(t *testing.T, dir string) {
	root, err := rootfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	found, _ := Look(context.Background(), root, "ami")
	for _, line := range short(found) {
		fmt.Println("found: " + line)
	}
}
