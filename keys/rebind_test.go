package keys

import (
	"maps"
	"strings"
	"testing"
)

func TestRebind(t *testing.T) {
	dir := instance(t)
	if err := stageRSA(open(t, dir), testInstance, "root@golden", 2048); err != nil {
		t.Fatal(err)
	}
	staged, err := loadStaged(open(t, dir), rsaStaged)
	if err != nil {
		t.Fatal(err)
	}
	before := tree(t, dir)
	const real = "i-00000002"
	for range 2 { // the second call changes nothing
		if err := Rebind(open(t, dir), testInstance, real); err != nil {
			t.Fatal(err)
		}
	}
	if err := MakeRSA(open(t, dir), real, "root@golden", 2048); err != nil {
		t.Fatal(err)
	}
	after := mustMake(t, dir, real)
	for name, text := range before {
		if strings.HasPrefix(name, "etc/ssh/") && after[name] != text {
			t.Errorf("%s changed", name)
		}
	}
	if !strings.HasSuffix(after["etc/ssh/ssh_host_rsa_key"], staged.Keys[0].Private) {
		t.Error("the interrupted RSA key was made again")
	}
	if err := Rebind(open(t, dir), testInstance, "i-00000003"); err == nil {
		t.Error("keys of another instance were given away")
	}
	if !maps.Equal(after, tree(t, dir)) {
		t.Error("a refused call changed something")
	}
}
