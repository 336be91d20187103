package settings

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func known() Known {
	return Known{Profiles: []string{"ami", "base"}, Rules: []string{"tmp", "user-keys", "logs"}, Checks: []string{"account-password", "private-key"}}
}

func TestParse(t *testing.T) {
	got, err := Parse("bake.yaml", []byte(`# what the owner decided
profile: ami
skip: [logs, private-key]
keep: [/home/app, ~/x]
cross: [/data]
rules:
  tmp: off
  user-keys: on
  account-password: off
allow:
  - hash: 0123456789ab
    why: published
  - {rule: private-key, path: "/etc/ssl/*.key"}
salt: 0011223344
`), known())
	if err != nil {
		t.Fatal(err)
	}
	want := Settings{
		Profile: "ami", Skip: []string{"logs", "private-key", "account-password"}, Keep: []string{"/home/app", "~/x"}, Cross: []string{"/data"},
		Rules: map[string]Switch{"tmp": Off, "user-keys": On},
		Allow: []Allow{{Hash: "0123456789ab"}, {Rule: "private-key", Path: "/etc/ssl/*.key"}},
		Salt:  []byte("0011223344"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEmpty(t *testing.T) {
	for _, text := range []string{"", "# nothing\n", "skip:\nrules: {}\n"} {
		if got, err := Parse("bake.yaml", []byte(text), known()); err != nil || got.Skip != nil || got.Salt != nil {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
}

func TestErrorsComeAllAtOnce(t *testing.T) {
	_, err := Parse("bake.yaml", []byte(`profiel: ami
profile: amy
skip: [lgos]
keep: [home]
rules:
  tmp: maybe
  account-password: on
  user-kyes: off
allow:
  - {}
  - {hash: 0123456789ab}
  - {rule: nothing}
  - {path: relative}
  - {hash: ABC, pth: /x}
salt: short
`), known())
	want := `bake.yaml:1:1: unknown key "profiel" (did you mean "profile"?)
bake.yaml:2:10: there is no profile "amy": take one of ami, base
bake.yaml:3:8: there is no rule "lgos" (did you mean "logs"?)
bake.yaml:4:8: "home" is no absolute path
bake.yaml:6:8: a rule can be set to on, off or audit, not to "maybe"
bake.yaml:7:21: account-password is a check of the audit: it can only be set to off
bake.yaml:8:3: there is no rule "user-kyes" (did you mean "user-keys"?)
bake.yaml:10:5: an entry of the allow list is empty: give a rule, a path or a hash
bake.yaml:12:5: the allow list names the rule "nothing", which does not exist: ` + "`leaven rules`" + ` lists them
bake.yaml:13:5: the allow list names the path "relative": write an absolute one
bake.yaml:14:5: the allow list has the hash "ABC": a hash has 12 hexadecimal digits in lower case
bake.yaml:14:17: unknown key "pth" (did you mean "path"?)
bake.yaml:15:7: a salt must have at least 8 characters: make one with ` + "`openssl rand -hex 16`"
	if err == nil {
		t.Fatal("no error")
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Error(diff)
	}
}

// Without a salt a hash fits one run only, so a list with hashes could never accept anything.
func TestHashWithoutSalt(t *testing.T) {
	_, err := Parse("bake.yaml", []byte("allow: [{hash: 0123456789ab}]\n"), known())
	want := `bake.yaml:1:9: the allow list has the hash "0123456789ab", but no salt is set: hashes differ from run to run without one`
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}
