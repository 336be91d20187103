package hubs

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/leaven-dev/leaven/e2e/golden"
)

// documented returns the user data that docs/cfengine-hubs.md shows below a heading.
func documented(heading string) (string, error) {
	top, err := golden.Top()
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(filepath.Join(top, "docs", "cfengine-hubs.md"))
	if err != nil {
		return "", err
	}
	_, section, found := strings.Cut(string(text), "\n## "+heading+"\n")
	_, block, begins := strings.Cut(section, "```yaml\n")
	block, _, ends := strings.Cut(block, "```\n")
	if !found || !begins || !ends || strings.Contains(section[:strings.Index(section, "```yaml\n")], "\n## ") {
		return "", fmt.Errorf("docs/cfengine-hubs.md shows no user data below %q", heading)
	}
	return block, nil
}

// HubUserData is that of the documentation, but for the mounts: EFS cannot be mounted in a container, so that the share is there
// when it boots, and has another type of file system.
func (v *VPC) HubUserData() (string, error) {
	text, err := v.withoutMounts("Hubs")
	if err != nil {
		return "", err
	}
	return replaced(text, "  role: hub\n", "  role: hub\n  file_systems: ["+v.FileSystem+"]\n")
}

// DeployerUserData is that of the documentation, as for hubs.
func (v *VPC) DeployerUserData() (string, error) {
	text, err := v.withoutMounts("The deployer")
	if err != nil {
		return "", err
	}
	return replaced(text, "role: deployer", "role: deployer, file_systems: ["+v.FileSystem+"]")
}

// ClientUserData is that of the documentation, with the hubs' key: its digest, or the key itself as YAML.
func (v *VPC) ClientUserData(key string) (string, error) {
	text, err := documented("Clients")
	if err != nil {
		return "", err
	}
	if !strings.Contains(text, "hub: "+Name+"\n") {
		return "", fmt.Errorf("the client's user data in docs/cfengine-hubs.md does not name the balancer %s", Name)
	}
	return replaced(text, digests.FindString(text), key)
}

func (v *VPC) withoutMounts(heading string) (string, error) {
	text, err := documented(heading)
	if err != nil {
		return "", err
	}
	before, mounts, found := strings.Cut(text, "mounts:\n")
	_, after, ends := strings.Cut(mounts, "\ncfengine:")
	if !found || !ends {
		return "", fmt.Errorf("the user data below %q in docs/cfengine-hubs.md has no mounts before cfengine", heading)
	}
	return before + "cfengine:" + after, nil
}

func replaced(text, old, new string) (string, error) {
	if old == "" || !strings.Contains(text, old) {
		return "", fmt.Errorf("the user data in docs/cfengine-hubs.md has no %q:\n%s", old, text)
	}
	return strings.Replace(text, old, new, 1), nil
}
