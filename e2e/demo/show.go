package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/leaven-dev/leaven/bake"
	"github.com/leaven-dev/leaven/e2e/golden"
	"github.com/leaven-dev/leaven/e2e/sshclient"
	"golang.org/x/crypto/ssh"
)

// show prints the tables. The error says which part of an identity is shared, or that sshd shows other keys than the disk has.
func show(ctx context.Context, p *progress, builder []golden.Fact, image *golden.Image, instances []*golden.Instance, verdict string) error {
	columns := [][]golden.Fact{builder}
	for _, in := range instances {
		facts, err := in.Identity(ctx)
		if err != nil {
			return err
		}
		columns = append(columns, facts)
	}
	p.step("who they are")
	shared := compare(p, columns)
	if err := served(ctx, p, instances); err != nil {
		return err
	}
	p.step("what was sealed")
	if err := sealed(p, image); err != nil {
		return err
	}
	for line := range strings.Lines(verdict) {
		p.line("   offline audit: " + strings.TrimSpace(line))
	}
	for i, in := range instances {
		p.step(fmt.Sprintf("first boot of instance %c", 'A'+i))
		text, err := in.SSH.Run(ctx, "leaven status")
		if err != nil {
			return fmt.Errorf("instance %s is not well: %w", in.ID, err)
		}
		for line := range strings.Lines(text) {
			p.line("   " + strings.TrimRight(line, "\n"))
		}
	}
	p.step("where things lie")
	for _, file := range []struct{ what, path string }{
		{"image", image.Disk}, {"report", image.Report}, {"console of the builder", image.Serial},
		{"console of A", instances[0].Serial}, {"console of B", instances[1].Serial},
	} {
		p.line(fmt.Sprintf("   %-24s %s", file.what, relative(file.path)))
	}
	if len(shared) > 0 {
		return fmt.Errorf("the machines share: %s", strings.Join(shared, ", "))
	}
	p.line("builder, A and B have nothing in common")
	return nil
}

// compare prints the identities side by side and returns the names of those that two machines share.
func compare(p *progress, columns [][]golden.Fact) (shared []string) {
	t := tabwriter.NewWriter(p.detail(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\tBUILDER\tINSTANCE A\tINSTANCE B\t")
	for row, fact := range columns[0] {
		seen := map[string]bool{}
		verdict := "all different"
		fmt.Fprint(t, fact.Name)
		for _, column := range columns {
			value := column[row].Value
			fmt.Fprintf(t, "\t%.40s", value)
			if seen[value] && value != golden.None {
				verdict = "SHARED"
			}
			seen[value] = true
		}
		if verdict == "SHARED" {
			shared = append(shared, fact.Name)
		}
		fmt.Fprintf(t, "\t%s\n", verdict)
	}
	t.Flush()
	return shared
}

// served asks each sshd for its host keys over the network: they must be those on the instance's disk.
func served(ctx context.Context, p *progress, instances []*golden.Instance) error {
	for i, in := range instances {
		keys, err := sshclient.HostKeys(ctx, in.VM.SSHAddress(), "ssh-ed25519", "ecdsa-sha2-nistp256")
		if err != nil {
			return fmt.Errorf("instance %s does not show its host keys: %w", in.ID, err)
		}
		if len(keys) == 0 {
			return fmt.Errorf("instance %s shows no host key", in.ID)
		}
		for _, key := range keys {
			on, err := in.SSH.Run(ctx, "cat /etc/ssh/ssh_host_*.pub")
			if err != nil {
				return err
			}
			if !strings.Contains(on, strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))) {
				return fmt.Errorf("sshd of instance %s shows a %s key that is not on its disk", in.ID, key.Type())
			}
		}
		p.line(fmt.Sprintf("   instance %c (%s) answers SSH at %s with %d fresh host keys", 'A'+i, in.ID, in.VM.SSHAddress(), len(keys)))
	}
	return nil
}

// sealed prints what the provisioner's report says, rule by rule.
func sealed(p *progress, image *golden.Image) error {
	data, err := os.ReadFile(image.Report)
	if err != nil {
		return err
	}
	var report struct {
		Runs []struct {
			Changes []bake.Change `json:"changes"`
		} `json:"runs"`
	}
	if err := json.Unmarshal(data, &report); err != nil {
		return fmt.Errorf("cannot read %s: %w", image.Report, err)
	}
	type sum struct {
		paths int
		bytes int64
	}
	sums, order := map[string]*sum{}, []string{}
	for _, run := range report.Runs {
		for _, c := range run.Changes {
			if sums[c.Rule] == nil {
				sums[c.Rule] = &sum{}
				order = append(order, c.Rule)
			}
			sums[c.Rule].paths++
			sums[c.Rule].bytes += c.Bytes
		}
	}
	if len(order) == 0 {
		return fmt.Errorf("the report %s names no change", image.Report)
	}
	t := tabwriter.NewWriter(p.detail(), 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "RULE\tPATHS\tBYTES\t")
	for _, rule := range order {
		fmt.Fprintf(t, "%s\t%d\t%d\t\n", rule, sums[rule].paths, sums[rule].bytes)
	}
	return t.Flush()
}

func relative(path string) string {
	if here, err := os.Getwd(); err == nil {
		if short, err := filepath.Rel(here, path); err == nil {
			return short
		}
	}
	return path
}
