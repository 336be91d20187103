package main

import (
	"fmt"
	"slices"
	"syscall"
	"time"

	"github.com/leaven-dev/leaven/bake"
	"github.com/leaven-dev/leaven/bake/laststage"
	"github.com/leaven-dev/leaven/internal/console"
	"github.com/leaven-dev/leaven/internal/seal"
)

// proof looks at the tree again after sealing and says what was done and what is left.
func (s *selection) proof(r bake.BakeReport) (seal.Seal, error) {
	root, plan, err := s.plan()
	if err != nil {
		return seal.Seal{}, err
	}
	root.Close()
	proof := seal.Seal{
		Schema: seal.Schema, Version: version, Profile: r.Profile, Time: time.Now().UTC().Truncate(time.Second),
		Catalogue: plan.Catalogue(), Rules: []seal.Rule{}, Left: []seal.Left{},
	}
	for _, id := range plan.Used() {
		proof.Rules = append(proof.Rules, seal.Rule{Rule: id, Result: seal.Clean})
	}
	tally(&proof.Rules, r.Changes)
	left := bake.Auditing{}.Findings(plan)
	for _, group := range byRule(left, func(f bake.Finding) string { return f.Rule + string(f.State) }) {
		if group[0].Severity == bake.Error {
			proof.Left = append(proof.Left, seal.Left{Rule: group[0].Rule, State: string(group[0].State), Paths: len(group)})
		}
	}
	return proof, nil
}

// tally adds changes to what rules did.
func tally(rules *[]seal.Rule, changes []bake.Change) {
	for _, c := range changes {
		i := slices.IndexFunc(*rules, func(r seal.Rule) bool { return r.Rule == c.Rule })
		if i < 0 {
			i, *rules = len(*rules), append(*rules, seal.Rule{Rule: c.Rule})
		}
		done := &(*rules)[i]
		if c.Result == bake.Done {
			done.Paths++
			done.Bytes += c.Bytes
		} else {
			done.Failed++
		}
		done.Result = seal.Done
		if done.Failed > 0 {
			done.Result = seal.Failed
		}
	}
}

// record remembers for the last stage what this run did. What it could not do the last stage tries again.
func record(changes []bake.Change) error {
	before, err := laststage.Recorded()
	if err != nil {
		return err
	}
	tally(&before, slices.DeleteFunc(slices.Clone(changes), func(c bake.Change) bool { return c.Result != bake.Done }))
	return laststage.Record(before)
}

// addRecorded adds to the proof of the last stage what was done before it.
func addRecorded(proof *seal.Seal) error {
	before, err := laststage.Recorded()
	for _, b := range before {
		i := slices.IndexFunc(proof.Rules, func(r seal.Rule) bool { return r.Rule == b.Rule })
		if i < 0 {
			proof.Rules = append(proof.Rules, b)
			continue
		}
		done := &proof.Rules[i]
		done.Paths += b.Paths
		done.Bytes += b.Bytes
		if done.Result == seal.Clean {
			done.Result = seal.Done
		}
	}
	return err
}

// announce says on the console what the last stage did. Nobody can be told in another way: SSH is gone.
func announce(p seal.Seal) error {
	paths, left := 0, 0
	for _, r := range p.Rules {
		paths += r.Paths
	}
	for _, l := range p.Left {
		left += l.Paths
	}
	line := fmt.Sprintf("leaven: sealed: %s, nothing left", count(paths, "path"))
	if left > 0 {
		line = fmt.Sprintf("leaven: NOT sealed: %s left, see %s in the image", count(left, "path"), seal.Path)
	}
	syscall.Sync() // first: a console that is held up must not cost the proof
	return console.Write([]byte("\r\n" + line + "\r\n"))
}
