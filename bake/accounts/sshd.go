package accounts

import (
	"path"
	"slices"
	"strings"
)

// sshdSettings reports the settings that open the machine. What stands in a Match block counts when it opens, whatever its
// condition.
func (in *inspector) sshdSettings(c *sshdConfig, users []*user) {
	if c.program == "" {
		return
	}
	yes := func(s setting) bool { return s.word() == "yes" }
	in.opening(c, sshdRoot, "permitrootlogin", yes)
	in.opening(c, sshdEmpty, "permitemptypasswords", yes)
	in.sshdPasswords(c, users)
	for _, s := range c.settings {
		if s.key != "hostkey" {
			continue
		}
		name := s.value
		if w := split(name); len(w) > 0 {
			name = w[0]
		}
		usual, _ := path.Match("/etc/ssh/ssh_host_*", name)
		if !usual && strings.HasPrefix(name, "/") && in.exists(name) {
			in.report(sshdHostKey, name, 0, "%s:%d names it", s.file, s.line)
		}
	}
}

// opening reports a key whose value opens, in the main part or in a Match block.
func (in *inspector) opening(c *sshdConfig, id, key string, opens func(setting) bool) {
	list := c.matched(key)
	if s, set := c.first(key); set {
		list = append([]setting{s}, list...)
	}
	for _, s := range list {
		if opens(s) {
			in.report(id, s.file, s.line, "%s", s.say())
		}
	}
}

func (s setting) say() string {
	if s.match != "" {
		return s.key + " " + s.value + " for Match " + s.match
	}
	return s.key + " " + s.value
}

// sshdPasswords reports whether a password is enough to log in. sshd's default is yes; so that images which nobody touched
// are not blamed for it, the default is a finding of its own unless some account has a password.
func (in *inspector) sshdPasswords(c *sshdConfig, users []*user) {
	on := func(fallback bool, keys ...string) (bool, setting, bool) {
		s, set := c.first(keys...)
		if !set {
			return fallback, s, false
		}
		return s.word() == "yes", s, true
	}
	kbd := []string{"kbdinteractiveauthentication", "challengeresponseauthentication", "skeyauthentication"}
	for _, s := range c.matched(append(kbd, "passwordauthentication")...) {
		if s.word() == "yes" {
			in.report(sshdPassword, s.file, s.line, "%s", s.say())
		}
	}
	if s, set := c.first("authenticationmethods"); set && !passwordSuffices(s.value) {
		return
	}
	pam, _, _ := on(false, "usepam")
	plain, plainSetting, plainSet := on(true, "passwordauthentication")
	asked, askedSetting, askedSet := on(true, kbd...)
	asked = asked && pam
	somebody := slices.ContainsFunc(users, func(u *user) bool { return judge(u.password) != locked })
	switch {
	case plain && plainSet:
		in.report(sshdPassword, plainSetting.file, plainSetting.line, "%s", plainSetting.say())
	case asked && askedSet && !plain:
		in.report(sshdPassword, askedSetting.file, askedSetting.line, "%s", askedSetting.say())
	case (plain || asked) && somebody:
		in.report(sshdPassword, c.program, 0, "nothing says no, and there are accounts with passwords")
	case plain || asked:
		in.report(sshdDefault, c.program, 0, "nothing says no")
	}
}

// passwordSuffices tells whether one of the lists of methods can be gone through with a password alone
// (AuthenticationMethods: lists separated by blanks, methods by commas).
func passwordSuffices(value string) bool {
	for _, list := range split(value) {
		suffices := true
		for method := range strings.SplitSeq(list, ",") {
			name, _, _ := strings.Cut(method, ":")
			suffices = suffices && slices.Contains([]string{"any", "password", "keyboard-interactive"}, strings.ToLower(name))
		}
		if suffices {
			return true
		}
	}
	return false
}
