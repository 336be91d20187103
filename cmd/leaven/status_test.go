package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/firstboot"
)

func TestWaitsFor(t *testing.T) {
	now := time.Date(2026, 11, 20, 9, 1, 0, 0, time.UTC)
	stage := func(name firstboot.Stage, result firstboot.Result) firstboot.StageRecord {
		return firstboot.StageRecord{Stage: name, Boot: "boot-1", Result: result}
	}
	step := func(id, boot string, result firstboot.Result) firstboot.StepRecord {
		return firstboot.StepRecord{ID: id, Title: "what it is", Boot: boot, Result: result, Started: now.Add(-12 * time.Second)}
	}
	for _, c := range []struct {
		status firstboot.Status
		want   string
	}{
		{firstboot.Status{}, "waiting for leaven-identity.service"},
		{firstboot.Status{Stages: []firstboot.StageRecord{stage(firstboot.Identity, firstboot.Running)}}, "waiting for the identity stage"},
		{firstboot.Status{Stages: []firstboot.StageRecord{stage(firstboot.Identity, firstboot.OK)}}, "waiting for leaven-firstboot.service"},
		{
			firstboot.Status{
				Stages: []firstboot.StageRecord{stage(firstboot.Identity, firstboot.OK), stage(firstboot.Provision, firstboot.Running)},
				Steps:  []firstboot.StepRecord{step("cut-off", "boot-0", firstboot.Running), step("metadata", "boot-1", firstboot.Running), step("hub", "boot-1", firstboot.Waiting), step("mount", "boot-1", firstboot.Running)},
			},
			"waiting for metadata: what it is, 12 s; mount: what it is, 12 s",
		},
	} {
		if got := waitsFor(c.status, now); got != c.want {
			t.Errorf("it says %q, want %q", got, c.want)
		}
	}
}

func TestProgress(t *testing.T) {
	var out bytes.Buffer
	p := newProgress(&out)
	p.show("nobody reads this")
	p.clear()
	if out.Len() > 0 {
		t.Errorf("where there is no terminal, %q is written", out.String())
	}
	p.width = 12
	for range 3 {
		p.show("waiting for a\x1b[2J step")
	}
	p.clear()
	if want := "\r\x1b[Kwaiting fo…\r\x1b[K"; out.String() != want {
		t.Errorf("on a terminal, %q is written, want %q", out.String(), want)
	}
}
