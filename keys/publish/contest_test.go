package publish

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/leaven-dev/leaven/internal/crashtest"
	"github.com/leaven-dev/leaven/internal/rootfs"
)

// contendIn and candidate turn the test program into one contender, in a process that can be killed. With contendOn it contends in
// one folder after another, as it is told.
const (
	contendIn = "LEAVEN_TEST_CONTEND_IN"
	candidate = "LEAVEN_TEST_CANDIDATE"
	contendOn = "LEAVEN_TEST_CONTEND_ON"
	// places are the folders of TestKilledContenders, with colons between them: one that several NFS clients have mounted.
	places = "LEAVEN_TEST_CONTEST_PLACES"
	// roundsKey is how many rounds it has, and poolKey a folder with keys that were made before.
	roundsKey = "LEAVEN_TEST_CONTEST_ROUNDS"
	poolKey   = "LEAVEN_TEST_CONTEST_KEYS"
)

func TestMain(m *testing.M) {
	if os.Getenv(contendOn) != "" {
		tasks := bufio.NewScanner(os.Stdin)
		for tasks.Scan() {
			dir, file, _ := strings.Cut(tasks.Text(), "\t")
			if err := contend(dir, file); err != nil {
				fmt.Printf("error: %q\n", err)
			}
		}
		os.Exit(0)
	}
	if dir := os.Getenv(contendIn); dir != "" {
		if err := contend(dir, os.Getenv(candidate)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// contend publishes a key that lies in a file, and prints whose key it got.
func contend(dir, file string) error {
	root, err := rootfs.Open(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	d, err := root.OpenDir("/")
	if err != nil {
		return err
	}
	defer d.Close()
	key, _, err := made(file).Publish(context.Background(), d)
	if err == nil {
		fmt.Println(key.N)
	}
	return err
}

// made is a pair whose key lies in a file until it is published.
func made(file string) Pair {
	return Pair{Private: "localhost.priv", Public: "localhost.pub", Bits: 2048, Generate: func(int) (*rsa.PrivateKey, error) {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		return x509.ParsePKCS1PrivateKey(data)
	}}
}

// candidates writes the pool into files.
func candidates(t *testing.T) []string {
	t.Helper()
	if dir := os.Getenv(poolKey); dir != "" {
		names, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil || len(names) == 0 {
			t.Fatalf("no keys in %s: %v", dir, err)
		}
		return names
	}
	dir := t.TempDir()
	var names []string
	for i, key := range pool() {
		name := filepath.Join(dir, strconv.Itoa(i))
		if err := os.WriteFile(name, x509.MarshalPKCS1PrivateKey(key), 0o600); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	return names
}

func contender(t *testing.T, dir, file string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), contendIn+"="+dir, candidate+"="+file)
	said := &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = said, os.Stderr
	return cmd, said
}

// A contender is killed at each of its system calls that change something; the next one completes what it left.
func TestKilledAtEveryCall(t *testing.T) {
	files := candidates(t)
	for n := 0; ; n++ {
		dir := t.TempDir()
		cmd, _ := contender(t, dir, files[0])
		err := crashtest.KillAt(cmd, n)
		if err == nil {
			if n < 8 {
				t.Fatalf("only %d calls were seen: this test looks at nothing", n)
			}
			break
		}
		if !errors.Is(err, crashtest.ErrKilled) {
			t.Fatal(err)
		}
		_, before := os.Stat(filepath.Join(dir, "localhost.priv"))
		next, said := contender(t, dir, files[1])
		if err := next.Run(); err != nil {
			t.Fatalf("killed at call %d: the next one: %v", n, err)
		}
		took := pool()[1]
		if before == nil {
			took = pool()[0]
		}
		if strings.TrimSpace(said.String()) != took.N.String() {
			t.Errorf("killed at call %d: the key is not the one that was there", n)
		}
	}
}

// OpenSSL, with which CFEngine reads the files, takes them.
func TestOpenSSLReadsThem(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Fatal("openssl is missing: install the package openssl")
	}
	dir := t.TempDir()
	if _, _, err := pair(0).Publish(t.Context(), open(t, dir)); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"rsa", "-check", "-noout", "-in", "localhost.priv"},
		{"rsa", "-RSAPublicKey_in", "-noout", "-in", "localhost.pub"},
	} {
		cmd := exec.CommandContext(t.Context(), "openssl", args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v: %v: %s", args, err, out)
		}
	}
}
