package cfengine

import (
	"errors"
	"os"
	"strings"
	"testing"
)

func TestOutcome(t *testing.T) {
	failed := errors.New("exit status 1")
	for name, c := range map[string]struct {
		role  string
		exit  error
		want  string // "" is success
		again bool   // trying again may help
	}{
		"hub.txt":        {role: hub},
		"client.txt":     {role: client},
		"early.txt":      {role: hub, exit: failed, want: "cf-execd not running yet", again: true},
		"untrusted.txt":  {role: client, exit: failed, want: "does not trust the key " + string(theirs)},
		"unreached.txt":  {role: client, exit: failed, want: "no hub answers", again: true},
		"other.txt":      {role: hub, exit: failed, want: "no hub answers", again: true},
		"unresolved.txt": {role: client, exit: failed, want: "its name does not resolve", again: true},
	} {
		data, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for _, exit := range []error{c.exit, nil} { // that it exits 0 proves nothing
			err = readOutcome(string(data)).judge(c.role, exit)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%s: %v, want %q", name, err, c.want)
			}
			if (errors.Is(err, errUnreached) || errors.Is(err, errEarly)) != c.again {
				t.Errorf("%s: %v: try again is %v", name, err, !c.again)
			}
		}
		if c.want == "" {
			if readOutcome(string(data)).judge(c.role, failed) == nil {
				t.Errorf("%s: an exit status other than 0 is no failure", name)
			}
			if readOutcome(string(data)).judge(map[string]string{hub: client, client: hub}[c.role], nil) == nil {
				t.Errorf("%s: the wrong role is no failure", name)
			}
			// Each of the two sentences must be there.
			for line := range strings.Lines(string(data)) {
				if strings.Contains(line, "assumes the role") || strings.Contains(line, "completed") {
					if readOutcome(strings.Replace(string(data), line, "", 1)).judge(c.role, nil) == nil {
						t.Errorf("%s: good without %q", name, line)
					}
				}
			}
		}
	}
	if readOutcome("").judge(hub, nil) == nil {
		t.Error("saying nothing is no failure")
	}
}

func TestLost(t *testing.T) {
	was := standing{"10.9.0.10", true, true}
	if got := was.lost(standing{}); got != "policy_server.dat, state/am_policy_hub, inputs/promises.cf" {
		t.Errorf("lost %q", got)
	}
	if got := (standing{}).lost(was); got != "" {
		t.Errorf("lost %q", got)
	}
}

func TestSaid(t *testing.T) {
	data, err := os.ReadFile("testdata/untrusted.txt")
	if err != nil {
		t.Fatal(err)
	}
	if got := said(string(data)); !strings.HasPrefix(got, ": TRUST FAILED, server presented untrusted key: "+string(theirs)+"; ") || strings.Count(got, ";") != 2 {
		t.Errorf("said %q", got)
	}
}
