package unit

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leaven-dev/leaven/internal/rootfs"
	"github.com/leaven-dev/leaven/internal/systemd"
)

// fake is a service manager that needs two looks to start a unit.
type fake struct {
	ends    string // the state that starting leads to
	jobs    int    // looks until then
	state   string
	starts  int
	reloads int
}

func (f *fake) manager() manager {
	return manager{
		reload: func(context.Context) error { f.reloads++; return nil },
		restart: func(context.Context, string) error {
			if f.reloads == 0 {
				return errors.New("started without reloading")
			}
			f.starts++
			return nil
		},
		state: func(context.Context, string) (systemd.UnitState, error) {
			if f.starts > 0 && f.jobs > 0 {
				f.jobs--
				return systemd.UnitState{Active: f.state, Job: true}, nil
			}
			if f.starts > 0 {
				f.state = f.ends
			}
			return systemd.UnitState{Active: f.state, Result: "resources"}, nil
		},
	}
}

func TestStep(t *testing.T) {
	on := On{ID: "x", Title: "x", Name: "x.socket", Settings: "[Socket]\n"}
	for name, c := range map[string]struct {
		fake fake
		err  string
	}{
		"starts":           {fake: fake{state: "inactive", ends: "active", jobs: 2}},
		"was active":       {fake: fake{state: "active", ends: "active", jobs: 2}}, // of other settings
		"failed before":    {fake: fake{state: "failed", ends: "active", jobs: 2}},
		"fails":            {fake: fake{state: "active", ends: "failed", jobs: 2}, err: "cannot start x.socket: resources"},
		"never gets ready": {fake: fake{state: "inactive", ends: "activating"}, err: "x.socket is still activating"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				root, err := rootfs.Open(t.TempDir())
				if err != nil {
					t.Fatal(err)
				}
				defer root.Close()
				s := on.step(root, c.fake.manager())
				if v, err := s.Check(t.Context()); v.OK || err != nil {
					t.Fatalf("before: %+v, %v", v, err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				err = s.Apply(ctx)
				if c.err != "" {
					if err == nil || !strings.Contains(err.Error(), c.err) {
						t.Errorf("%v, want %s", err, c.err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if v, err := s.Check(t.Context()); !v.OK || err != nil {
					t.Errorf("after: %+v, %v", v, err)
				}
				other := on
				other.Settings = "[Socket]\nListenStream=1\n"
				if v, err := other.step(root, c.fake.manager()).Check(t.Context()); v.OK || err != nil {
					t.Errorf("with other settings: %+v, %v", v, err)
				}
			})
		})
	}
}
