package acceptance

import (
	"path/filepath"
	"strings"
	"testing"
)

const nullBuild = `
variable "password" {
  type      = string
  default   = "hidden\ntreasure"
  sensitive = true
}
data "null" "later" { input = "10m" }
source "null" "x" {
  communicator = "ssh"
  ssh_host     = "127.0.0.1"
  ssh_username = "root"
  ssh_password = "x"
}
build {
  sources = ["source.null.x"]
  provisioner "leaven" {
    SETTING
  }
}`

func TestValidateNamesTheWrongSetting(t *testing.T) {
	for setting, want := range map[string]string{
		`profile = "no name"`:                           `profile: there is no profile "no name": take one of ami, marketplace, base`,
		`only_rules = ["Logs"]`:                         `only_rules: there is no rule "Logs" (did you mean "logs"?)`,
		`skip_rules = ["--all"]`:                        `skip_rules: there is no rule "--all"`,
		`keep_paths = ["etc"]`:                          `keep_paths: "etc" is not an absolute path`,
		`staging_directory = "/"`:                       `staging_directory: "/" is the whole image`,
		`deadline = "soon"`:                             `deadline: "soon" is no duration`,
		`report = "reports/"`:                           `report: "reports/" names a folder, not a file`,
		`sudo_password = var.password`:                  `sudo_password: holds a line break`,
		"strict = true\naudit = false":                  `strict: is about the audit, and audit is false`,
		`install = "perhaps"`:                           `Inappropriate value for attribute "install"`,
		`instal = true`:                                 `An argument named "instal" is not expected here. Did you mean "install"?`,
		"deadline = \"x\"\nkeep_paths = [\"/\"]":        `keep_paths: "/" is the whole image`,
		`skip_rules = "logs"`:                           `Inappropriate value for attribute "skip_rules"`,
		`keep_paths = ["/srv", data.null.later.output]`: "", // not known before the build
		`deadline = data.null.later.output`:             "",
		`profile = data.null.later.output`:              "",
		`report = data.null.later.output`:               "",
		`sudo_password = data.null.later.output`:        "",
		`sudo_password = build.Password`:                "",
		`timeout = "5m"`:                                "", // Packer's own
		`rules = { tmp = "of" }`:                        `rules: a rule can be set to on, off or audit, not to "of"`,
		`rules = { tmp = "off", user-cron = "on" }`:     `rules: there is no rule "user-cron"`,
		`rules = { tmp = data.null.later.output }`:      "",
		`vendor_rules = [data.null.later.output]`:       "",
		`baseline = data.null.later.output`:             "",
		`config = data.null.later.output`:               "",
		"allow { path = data.null.later.output }":       "",
		`config = "missing.yaml"`:                       `config: cannot read the settings in missing.yaml: `,
		`baseline = "start"`:                            `baseline: "start": write "take" in a block at the build's start`,
		"baseline = \"take\"\nfull = true":              `full: has no place beside baseline = "take"`,
		"allow { rule = \"private-kye\" }":              `allow: block 1: the allow list names the rule "private-kye"`,
		"allow { pth = \"/srv\" }":                      `An argument named "pth" is not expected here. Did you mean "path"?`,
		"rules = { tmp = \"off\", acme-cache = \"on\" }\nvendor_rules = [\"acme-cache\"]\ncross_mounts = [\"/data\"]\nbaseline = \"use\"\n" +
			"overwrite = true\nmkswap = true\nzero_free = true\nfull = true\n" +
			"allow {\n  rule = \"private-key\"\n  path = \"/srv\"\n  why = \"made anew\"\n}\nallow { path = \"/opt\" }": "",
		"baseline = \"take\"\nsudo_password = \"x\"\ndeadline = \"5m\"": "",
		"profile = \"ami\"\nonly_rules = [\"logs\"]\nskip_rules = [\"tmp\"]\nkeep_paths = [\"/srv/data\"]\ninstall = false\nlast_stage = false\n" +
			"audit = true\nstrict = true\nstaging_directory = \"/var/tmp\"\ndeadline = \"90s\"\nreport = \"report.json\"\nsudo_password = \"x\"": "",
	} {
		t.Run(strings.ReplaceAll(setting, "\n", "; "), func(t *testing.T) {
			home := t.TempDir()
			file := write(t, home, strings.Replace(nullBuild, "SETTING", setting, 1))
			text, status := output(t, packerCommand(home, "validate", file))
			text = strings.Join(strings.Fields(text), " ") // Packer breaks lines
			if want == "" {
				if status != 0 {
					t.Errorf("refused with status %d:\n%s", status, text)
				}
				return
			}
			if status == 0 || !strings.Contains(text, want) {
				t.Errorf("status %d, want %q:\n%s", status, want, text)
			}
			if strings.Contains(text, "treasure") {
				t.Errorf("the password is shown:\n%s", text)
			}
		})
	}
}

// What we hand out must be what the plugins of today accept.
func TestTemplatesAndExamplesAreValid(t *testing.T) {
	key := filepath.Join(t.TempDir(), "key")
	writeKey(t, key)
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for file, args := range map[string][]string{
		// Packer's amazon plugin is not built here, so only the language is checked.
		"examples/amazon-ebs.pkr.hcl": {"-syntax-only"},
		"examples/qemu.pkr.hcl":       {"-var", "ssh_private_key_file=" + key},
		"packer/templates/debian-qemu.pkr.hcl": {
			"-var", "base_image=/b.qcow2", "-var", "kernel=/k", "-var", "initrd=/i", "-var", "ssh_private_key_file=" + key, "-var", "output_directory=/nowhere/out",
		},
	} {
		t.Run(file, func(t *testing.T) {
			cmd := packerCommand(t.TempDir(), append(append([]string{"validate"}, args...), filepath.Join(root, file))...)
			if text, status := output(t, cmd); status != 0 {
				t.Errorf("status %d:\n%s", status, text)
			}
			cmd = packerCommand(t.TempDir(), "fmt", "-check", filepath.Join(root, file))
			if text, status := output(t, cmd); status != 0 {
				t.Errorf("not as packer fmt writes it:\n%s", text)
			}
		})
	}
}
