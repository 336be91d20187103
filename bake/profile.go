package bake

import (
	"fmt"
	"slices"
	"strings"
)

// A Profile switches rules for one purpose.
type Profile struct {
	Name  string   `json:"name"`
	Title string   `json:"title"`
	On    []string `json:"on"`  // rules that are acted on besides those that are on by default
	Off   []string `json:"off"` // rules that are left alone
}

// Profiles lists what --profile takes; the first is the default.
func Profiles() []Profile {
	return []Profile{
		{Name: "ami", Title: "an image of one's own fleet", On: []string{}, Off: []string{}}, // never nil: JSON has lists
		{
			Name:  "marketplace",
			Title: "an image that others get: no passwords at all, no log-in with passwords, no rights left by the build",
			On: []string{
				"password-hashes", "sshd-passwords", "sshd-passwords-default", "sshd-root-login", "builder-sudo", "network-connections-old", "hosts-entry",
			},
			Off: []string{},
		},
		{
			Name:  "base",
			Title: "an image that other images are built on: what their builds need again stays",
			On:    []string{},
			Off:   []string{"apt-cache", "apt-lists", "rpm-cache", "rpm-history", "other-package-caches", "user-caches", "system-caches", "user-crontabs", "builder-sudo"},
		},
	}
}

func profileByName(name string) (Profile, error) {
	all := Profiles()
	if name == "" {
		return all[0], nil
	}
	var names []string
	for _, p := range all {
		if p.Name == name {
			return p, nil
		}
		names = append(names, p.Name)
	}
	return Profile{}, fmt.Errorf("there is no profile %q: take one of %s", name, strings.Join(names, ", "))
}

func (p Profile) use(r Rule) use {
	switch {
	case slices.Contains(p.Off, r.ID):
		return spared
	case slices.Contains(p.On, r.ID), r.Default == On:
		return acted
	case r.Default == AuditOnly:
		return audited
	}
	return unused
}
