package provisioner

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/leaven-dev/leaven/bake/settings"
	"github.com/leaven-dev/leaven/packer/catalogue"
)

// swapFiles is the rule that mkswap switches on.
const swapFiles = "swap-files"

// ruleID is how the agent writes the ids of rules.
var ruleID = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// checkNames checks what names profiles, rules and checks, in the template and in its bake.yaml, and what they say together.
func (c *Config) checkNames(check func(setting string, err error)) {
	check("vendor_rules", each(c.VendorRules, validRuleID))
	if slices.Contains(c.VendorRules, unknown) {
		return // any name may turn out to be right
	}
	known := c.names()
	if c.Profile != "" {
		check("profile", each([]string{c.Profile}, known.Profile))
	}
	exists := func(id string) error {
		if err := known.ID(id); err != nil {
			return fmt.Errorf("%w: `leaven rules` lists them; what a vendor's file in the image adds must be in vendor_rules", err)
		}
		return nil
	}
	check("only_rules", each(c.OnlyRules, exists))
	check("skip_rules", each(c.SkipRules, exists))
	for _, id := range c.SkipRules {
		if id != unknown && slices.Contains(c.OnlyRules, id) {
			check("skip_rules", fmt.Errorf("%q is in only_rules too", id))
		}
	}
	c.checkSwitches(known, exists, check)
	salted, err := c.salted(known)
	check("config", err)
	for i, a := range c.Allow {
		if err := a.validate(known, salted); err != nil {
			check("allow", fmt.Errorf("block %d: %w", i+1, err))
		}
	}
}

// names is what the settings may name: what the agent in the plugin knows, and what the image is said to know.
func (c *Config) names() settings.Known {
	known := catalogue.Known()
	known.Rules = slices.Concat(known.Rules, c.VendorRules)
	return known
}

func validRuleID(id string) error {
	if !ruleID.MatchString(id) {
		return fmt.Errorf("%q is no rule's id: lower-case words joined by dashes", id)
	}
	return nil
}

func (c *Config) checkSwitches(known settings.Known, exists func(string) error, check func(string, error)) {
	for _, id := range slices.Sorted(maps.Keys(c.Rules)) {
		to := settings.Switch(c.Rules[id])
		switch err := each([]string{id}, exists); {
		case err != nil:
			check("rules", err)
		case id == unknown || to == unknown:
		case known.Switch(id, to) != nil:
			check("rules", known.Switch(id, to))
		case slices.Contains(c.SkipRules, id):
			check("rules", fmt.Errorf("%q is in skip_rules too", id))
		case to != settings.On && slices.Contains(c.OnlyRules, id):
			check("rules", fmt.Errorf("%q is %s here and in only_rules too", id, to))
		}
	}
	to, switched := c.Rules[swapFiles]
	if c.Mkswap && (slices.Contains(c.SkipRules, swapFiles) || switched && to != unknown && to != string(settings.On)) {
		check("mkswap", fmt.Errorf("switches the rule %s on, which is switched off too", swapFiles))
	}
}

func (a Allow) validate(known settings.Known, salted bool) error {
	if slices.Contains([]string{a.Rule, a.Path, a.Hash}, unknown) {
		return nil
	}
	entry := settings.Allow{Rule: a.Rule, Path: a.Path, Hash: a.Hash}
	if err := entry.Check(known, salted); err != nil {
		return err
	}
	if read, err := settings.ParseAllow(a.flag()); err != nil || read != entry || strings.ContainsAny(a.Path, "\n\r\x00") {
		return errors.New("path: holds what the agent's command line cannot: write the entry into a bake.yaml, and set config")
	}
	return nil
}

// flag is the entry as --allow takes it. The path comes last, because it may hold commas.
func (a Allow) flag() string {
	var parts []string
	for _, p := range [][2]string{{"rule", a.Rule}, {"hash", a.Hash}, {"path", a.Path}} {
		if p[1] != "" {
			parts = append(parts, p[0]+"="+p[1])
		}
	}
	return strings.Join(parts, ",")
}
