package keys

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestElsewhereConfigured(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"no config", nil, nil},
		{"default keys", map[string]string{"sshd_config": "HostKey /etc/ssh/ssh_host_rsa_key\n#HostKey /etc/keys/a\n"}, nil},
		{"elsewhere", map[string]string{"sshd_config": "hostkey=/etc/keys/a\nHostKey \"/etc/keys/b c\" # comment\n HOSTKEY\t/etc//keys/./a\n"},
			[]string{"/etc/keys/a", "/etc/keys/b c"}},
		{"not there", map[string]string{"sshd_config": "HostKey /etc/keys/none\n"}, nil},
		{"included", map[string]string{
			"sshd_config":           "Include /etc/ssh/sshd_config.d/*.conf extra.conf\n",
			"sshd_config.d/10.conf": "HostKey /etc/keys/a\n", "sshd_config.d/.20.conf": "HostKey /etc/keys/b c\n",
			"sshd_config.d/30.off": "HostKey /etc/keys/b c\n", "extra.conf": "HostKey /etc/ssh/mine\n", "mine": "",
		}, []string{"/etc/keys/a", "/etc/ssh/mine"}},
		{"any server_host key is looked after", map[string]string{"sshd_config": "HostKey /etc/ssh/db_host_rsa_key\n", "db_host_rsa_key": ""}, nil},
		{"folders by wildcard", map[string]string{"sshd_config": "Include */a.conf\n", "x/a.conf": "HostKey /etc/keys/a", "y": ""}, []string{"/etc/keys/a"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "etc/keys/a", "")
			write(t, dir, "etc/keys/b c", "")
			for name, text := range c.files {
				write(t, dir, "etc/ssh/"+name, text)
			}
			got, err := ElsewhereConfigured(open(t, dir))
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
}

func TestIncludeThatNeverEnds(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "etc/ssh/sshd_config", "Include sshd_config\n")
	if _, err := ElsewhereConfigured(open(t, dir)); err == nil || !strings.Contains(err.Error(), "include one another") {
		t.Errorf("error is %v, want one about files that include one another", err)
	}
}

func FuzzWords(f *testing.F) {
	for _, line := range []string{"HostKey /a", "HostKey=\"/a b\" c", " \t", "=", "\r", "HostKey = x # y", `"`} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		// sshd_config has no escapes in a quoted argument, so a word with neither quote nor blank comes back as it is.
		if strings.ContainsAny(line, "\" \t\r\f=#\n") || line == "" {
			words(line) // must end
			return
		}
		if got := words(fmt.Sprintf("HostKey %s", line)); len(got) != 2 || got[1] != line {
			t.Errorf("words of %q are %q", "HostKey "+line, got)
		}
	})
}
