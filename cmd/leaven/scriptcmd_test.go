package main

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// openFolder is a folder for the scripts that other users can get into.
func openFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "leaven-scripts-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// privateKey adds a new private key to the end of a file: privatekey FILE.
func privateKey(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: privatekey FILE")
	}
	_, private, err := ed25519.GenerateKey(nil)
	ts.Check(err)
	der, err := x509.MarshalPKCS8PrivateKey(private)
	ts.Check(err)
	name := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(filepath.Dir(name), 0o755))
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	ts.Check(err)
	defer f.Close()
	ts.Check(pem.Encode(f, &pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// asNobody runs leaven as user 65534, who must end with a given exit status: nobody 2 audit. The program is copied to where
// that user may run it.
func asNobody(ts *testscript.TestScript, neg bool, args []string) {
	if os.Geteuid() != 0 {
		ts.Fatalf("the script gives up root rights, so it needs them: run the tests as root")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	program := filepath.Join(ts.Getenv("WORK"), ".nobody", "leaven")
	ts.Check(os.MkdirAll(filepath.Dir(program), 0o755))
	self, err := os.Executable()
	ts.Check(err)
	in, err := os.Open(self)
	ts.Check(err)
	defer in.Close()
	out, err := os.OpenFile(program, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o755)
	ts.Check(err)
	_, err = io.Copy(out, in)
	ts.Check(errors.Join(err, out.Close()))
	cmd := exec.Command(program, args[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = ts.MkAbs("."), ts.Stdout(), ts.Stderr()
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	if err := cmd.Run(); err != nil {
		if _, ended := errors.AsType[*exec.ExitError](err); !ended {
			ts.Fatalf("cannot run leaven as another user: %v", err)
		}
	}
	if got := cmd.ProcessState.ExitCode(); got != want || neg {
		ts.Fatalf("leaven %q as another user exits with %d, want %d", args[1:], got, want)
	}
}
