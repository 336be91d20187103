package nfs

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestCheckOptions(t *testing.T) {
	for text, want := range map[string]string{
		"ro noatime nosuid nodev":                    "",
		"soft timeo=100 nconnect=4 rsize=65536":      "",
		"nfsvers=4.2 sec=krb5p x-initrd.mount":       "",
		"x-systemd.mount-timeout=10s _netdev nofail": "",
		"port=${tag.port}":                           "",
		"hard soft":                                  "the options hard and soft exclude one another",
		"ro rw":                                      "the options ro and rw exclude one another",
		"vers=4.1 nfsvers=4.0":                       "exclude one another",
		"timeo=1 timeo=2":                            "exclude one another",
		"rszie=1":                                    `unknown mount option "rszie" (did you mean "rsize"?)`,
		"x-systemd.mount-timout=1":                   `did you mean "x-systemd.mount-timeout"?`,
		"timeo=long":                                 "needs a number",
		"timeo=-1":                                   "needs a number",
		"timeo":                                      "needs a value",
		"hard=1":                                     "takes no value",
		"nfsvers=3":                                  "must be 4, 4.0, 4.1 or 4.2",
		"nolock":                                     "it is for NFS version 3",
		"noauto":                                     "would not be mounted at later boots",
		"bg":                                         "before it is there",
		"tls":                                        "beside options",
		"x-systemd.automount":                        "the first access would fail",
		"ro,noatime":                                 "each as an entry of its own",
		"stunnel":                                    "for mount.efs: write `tls: true`",
	} {
		err := errors.Join(checkOptions(strings.Fields(text), anyServer)...)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	for text, want := range map[string]string{"stunnel ocsp cafile=/x tlsport=20500": "", "ocsp noocsp": "exclude one another", "port=2050": "a port of its own (tlsport)", "stunel": `did you mean "stunnel"?`, "nfsvers=4.2": "EFS has"} {
		err := errors.Join(checkOptions(strings.Fields(text), efsTunnel)...)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	for _, text := range []string{"nfsvers=4.2", "sec=krb5"} {
		if checkOptions([]string{text}, efsPlain) == nil {
			t.Errorf("%s for EFS is no error", text)
		}
	}
}

func TestShare(t *testing.T) {
	const recommended = "nfsvers=4.1,rsize=1048576,wsize=1048576,hard,timeo=600,retrans=2,noresvport,_netdev,nofail,x-systemd.mount-timeout=90s"
	for _, c := range []struct {
		wish            Wish
		source, options string
	}{
		{Wish{FileSystem: "fs-01234567", Region: "eu-central-1"}, "fs-01234567.efs.eu-central-1.amazonaws.com:/", recommended},
		{Wish{FileSystem: "fs-01234567:/a", Region: "us-gov-west-1", Zone: "us-gov-west-1a"}, "us-gov-west-1a.fs-01234567.efs.us-gov-west-1.amazonaws.com:/a", recommended},
		{Wish{FileSystem: "fs-01234567", Region: "cn-north-1"}, "fs-01234567.efs.cn-north-1.amazonaws.com.cn:/", recommended},
		{Wish{FileSystem: "fs-01234567", Region: "us-iso-east-1"}, "fs-01234567.efs.us-iso-east-1.c2s.ic.gov:/", recommended},
		{Wish{FileSystem: "fs-01234567", Region: "us-isob-east-1"}, "fs-01234567.efs.us-isob-east-1.sc2s.sgov.gov:/", recommended},
		{Wish{Export: "host:/x", Options: []string{"soft", "vers=4.2", "ro"}}, "host:/x",
			"rsize=1048576,wsize=1048576,timeo=600,retrans=2,noresvport,_netdev,nofail,x-systemd.mount-timeout=90s,soft,vers=4.2,ro"},
		{Wish{FileSystem: "fs-01234567", Region: "eu-central-1", IAM: true, AccessPoint: "fsap-01234567"}, "fs-01234567:/",
			recommended + ",tls,iam,accesspoint=fsap-01234567,region=eu-central-1"},
	} {
		s, err := c.wish.Share(true)
		if err != nil || s.Source != c.source || strings.Join(s.Options, ",") != c.options {
			t.Errorf("%+v:\n%s %s, %v", c.wish, s.Source, strings.Join(s.Options, ","), err)
		}
	}
	for _, c := range []struct {
		wish Wish
		want string
	}{
		{Wish{FileSystem: "fs-01234567"}, "its region is not known"},
		{Wish{FileSystem: "fs-01234567", Region: "eu-central-1", TLS: true}, "install amazon-efs-utils"},
		{Wish{Export: "host"}, "want host:/path"},
		{Wish{Export: "-o:/x"}, "want host:/path"},
		{Wish{Export: "host:/x", Address: "elsewhere"}, "for the server's address"},
		{Wish{Export: "host:/x", Options: []string{"hard", "soft"}}, "exclude"},
	} {
		if _, err := c.wish.Share(false); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.wish, err, c.want)
		}
	}
}

// Defaults must be options that could be asked for.
func TestDefaultsAreKnown(t *testing.T) {
	if err := errors.Join(checkOptions(defaults(), efsTunnel)...); err != nil {
		t.Error(err)
	}
	if s, err := (Wish{Export: "[fd00::1]:/x", Options: []string{"port=2050", "retry=9"}}).Share(false); err != nil || s.Host != "fd00::1" || s.port() != "2050" ||
		slices.Contains(s.mountOptions(), "retry=9") || !slices.Contains(s.mountOptions(), "retry=0") || slices.Contains(s.mountOptions(), "nofail") {
		t.Errorf("%+v, %v", s, err)
	}
}
