package metadata

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leaven-dev/leaven/e2e/imds"
	"github.com/leaven-dev/leaven/e2e/netns"
)

// The client finds the service at an address of its own, so most tests run this test binary once more in a network namespace
// where the service is, and read what it prints.
const askFor = "LEAVEN_TEST_ASK_FOR"

const id = "i-0123456789abcdef0"

type question struct {
	What    string
	Timeout time.Duration
}

func TestMain(m *testing.M) {
	text, ok := os.LookupEnv(askFor)
	if !ok {
		os.Exit(m.Run())
	}
	var q question
	if err := json.Unmarshal([]byte(text), &q); err != nil {
		panic(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), q.Timeout)
	defer cancel()
	c, err := New(func(what string) { fmt.Println(what) })
	if err != nil {
		fmt.Println("error:", err)
		return
	}
	answer, err := q.ask(ctx, c)
	if err != nil {
		fmt.Printf("error: %v\ndisabled: %v\n", err, errors.Is(err, ErrDisabled))
		return
	}
	fmt.Println("answer:", answer)
}

func (q question) ask(ctx context.Context, c *Client) (answer string, err error) {
	found := true
	switch q.What {
	case "id":
		d, err := c.Document(ctx)
		return d.InstanceID, err
	case "user data":
		var data []byte
		data, found, err = c.UserData(ctx)
		answer = fmt.Sprintf("%q", data)
	case "several":
		d, err := c.Document(ctx)
		for _, path := range []string{"mac", "ipv6", "tags/instance"} {
			if _, _, bad := c.Get(ctx, path); err == nil {
				err = bad
			}
		}
		return d.InstanceID, err
	case "key":
		credentials, err := c.Credentials().Retrieve(ctx)
		return credentials.AccessKeyID, err
	default:
		answer, found, err = c.Get(ctx, q.What)
	}
	if !found && err == nil {
		answer = "none"
	}
	return answer, err
}

// asker is a question under way.
type asker struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines *bufio.Reader
}

func namespace(t *testing.T) *netns.Namespace {
	t.Helper()
	ns, err := netns.New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ns.Close() })
	return ns
}

func serve(t *testing.T, ns *netns.Namespace) *imds.Fake {
	t.Helper()
	f, err := imds.Start(t.Context(), ns, imds.Instance(id))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func start(t *testing.T, ns *netns.Namespace, q question, env ...string) *asker {
	t.Helper()
	if q.Timeout == 0 {
		q.Timeout = 20 * time.Second
	}
	text, err := json.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	a := &asker{t: t, cmd: ns.Command(t.Context(), os.Args[0])}
	a.cmd.Env = append(append(os.Environ(), env...), askFor+"="+string(text))
	a.cmd.Stderr = os.Stderr
	out, err := a.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := a.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { io.Copy(io.Discard, out); a.cmd.Wait() })
	a.lines = bufio.NewReader(out)
	return a
}

func (a *asker) says(wants ...string) {
	a.t.Helper()
	for _, want := range wants {
		line, err := a.lines.ReadString('\n')
		if err != nil {
			a.t.Fatalf("it ended: %v", err)
		}
		if line = strings.TrimSuffix(line, "\n"); line != want {
			a.t.Fatalf("it says\n%q, want\n%q", line, want)
		}
	}
}

// saysLike is says for a line of which begin and end are known.
func (a *asker) saysLike(begin, end string) {
	a.t.Helper()
	line, err := a.lines.ReadString('\n')
	if err != nil {
		a.t.Fatalf("it ended: %v", err)
	}
	if line = strings.TrimSuffix(line, "\n"); !strings.HasPrefix(line, begin) || !strings.HasSuffix(line, end) {
		a.t.Fatalf("it says\n%q, want\n%q…%q", line, begin, end)
	}
}

const unreachable = "169.254.169.254 cannot be reached: connect: network is unreachable, fd00:ec2::254 cannot be reached: connect: network is unreachable"

func TestLate(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	a := start(t, ns, question{What: "id"})
	a.says("waiting for instance metadata: " + unreachable)
	time.Sleep(3 * time.Second)
	if err := ns.AddAddress(t.Context(), "lo", "169.254.169.254/32"); err != nil {
		t.Fatal(err)
	}
	a.says("waiting for instance metadata: 169.254.169.254 cannot be reached: connect: connection refused, fd00:ec2::254 cannot be reached: connect: network is unreachable")
	l, err := ns.Listen(t.Context(), imds.Address)
	if err != nil {
		t.Fatal(err)
	}
	defer imds.Serve(l, imds.Instance(id)).Close()
	a.says("answer: " + id)
}

func TestAbsent(t *testing.T) {
	t.Parallel()
	a := start(t, namespace(t), question{What: "id", Timeout: 2 * time.Second})
	a.says("waiting for instance metadata: " + unreachable)
	a.saysLike("error: cannot read the identity document from instance metadata: "+unreachable+" (gave up at attempt ", ", after 2s: context deadline exceeded)")
	a.says("disabled: false")
}

func TestIPv6Only(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	f, err := imds.Start6(t.Context(), ns, imds.Instance(id))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	start(t, ns, question{What: "id"}).says("answer: " + id)
	start(t, ns, question{What: "id"}, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=IPv6").says("answer: " + id)
	a := start(t, ns, question{What: "id", Timeout: time.Second}, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=IPv4")
	a.says("waiting for instance metadata: 169.254.169.254 cannot be reached: connect: network is unreachable")
}

// TestIPv4IsSilent has an IPv4 route that leads nowhere, as in a subnet of IPv6 only where DHCP gave a link-local address.
func TestIPv4IsSilent(t *testing.T) {
	t.Parallel()
	ns, far := namespace(t), namespace(t)
	if err := ns.Connect(t.Context(), "v0", far, "v1"); err != nil {
		t.Fatal(err)
	}
	if err := ns.AddAddress(t.Context(), "v0", "169.254.7.7/16"); err != nil {
		t.Fatal(err)
	}
	f, err := imds.Start6(t.Context(), ns, imds.Instance(id))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	begun := time.Now()
	start(t, ns, question{What: "several"}).says("answer: " + id)
	if took := time.Since(begun); took > 3500*time.Millisecond {
		t.Errorf("took %s: the address that does not answer was asked again", took)
	}
}

func TestRetries(t *testing.T) {
	t.Parallel()
	t.Run("503", func(t *testing.T) {
		t.Parallel()
		ns := namespace(t)
		f := serve(t, ns)
		f.Fail(3, 503)
		start(t, ns, question{What: "user data"}).says(
			"waiting for instance metadata: 169.254.169.254 answers a request for a session token with 503 Service Unavailable", "answer: none")
	})
	t.Run("429", func(t *testing.T) {
		t.Parallel()
		ns := namespace(t)
		f := serve(t, ns)
		f.Fail(1, 429)
		start(t, ns, question{What: "id"}).says(
			"waiting for instance metadata: 169.254.169.254 answers a request for a session token with 429 Too Many Requests", "answer: "+id)
	})
	t.Run("hanging", func(t *testing.T) {
		t.Parallel()
		ns := namespace(t)
		f := serve(t, ns)
		f.Slow(time.Hour)
		a := start(t, ns, question{What: "id"})
		a.says("waiting for instance metadata: 169.254.169.254 does not answer in time, fd00:ec2::254 cannot be reached: connect: network is unreachable")
		f.Slow(0)
		a.says("answer: " + id)
	})
	t.Run("slow", func(t *testing.T) { // token and answer each take most of the time that one request may
		t.Parallel()
		ns := namespace(t)
		f := serve(t, ns)
		f.Slow(1500 * time.Millisecond)
		start(t, ns, question{What: "id"}).says("answer: " + id)
	})
	t.Run("cut off", func(t *testing.T) {
		t.Parallel()
		ns := namespace(t)
		if err := ns.AddAddress(t.Context(), "lo", "169.254.169.254/32"); err != nil {
			t.Fatal(err)
		}
		l, err := ns.Listen(t.Context(), imds.Address)
		if err != nil {
			t.Fatal(err)
		}
		cut := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1000")
			io.WriteString(w, "only this")
		})}
		go cut.Serve(l)
		a := start(t, ns, question{What: "id"})
		a.says("waiting for instance metadata: 169.254.169.254 cannot be reached: unexpected EOF, fd00:ec2::254 cannot be reached: connect: network is unreachable")
		cut.Close()
		a.says("waiting for instance metadata: 169.254.169.254 cannot be reached: connect: connection refused, fd00:ec2::254 cannot be reached: connect: network is unreachable")
		if l, err = ns.Listen(t.Context(), imds.Address); err != nil {
			t.Fatal(err)
		}
		defer imds.Serve(l, imds.Instance(id)).Close()
		a.says("answer: " + id)
	})
}

func TestFailsFast(t *testing.T) {
	t.Parallel()
	const prefix = "error: cannot read the identity document from instance metadata: "
	for name, c := range map[string]struct {
		do   func(*imds.Fake)
		want []string
	}{
		"token refused": {func(f *imds.Fake) { f.RefuseTokens(true) }, []string{
			prefix + "instance metadata is switched off: 169.254.169.254 answers a request for a session token with 403 Forbidden; switch it on with `aws ec2 modify-instance-metadata-options --http-endpoint enabled --instance-id …`", "disabled: true"}},
		"400": {func(f *imds.Fake) { f.Fail(1, 400) }, []string{
			prefix + "169.254.169.254 answers a request for a session token with 400 Bad Request", "disabled: false"}},
		"redirect": {func(f *imds.Fake) { f.Fail(1, 302) }, []string{
			prefix + "169.254.169.254 answers a request for a session token with 302 Found", "disabled: false"}},
		"version 1": {func(f *imds.Fake) { f.Version1() }, []string{
			prefix + "169.254.169.254 answers a request for a session token with 405 Method Not Allowed: it does not speak version 2, and version 1 is not safe", "disabled: false"}},
		"wrong id": {func(f *imds.Fake) { f.Set("dynamic/instance-identity/document", `{"instanceId":"<html>"}`) }, []string{
			`error: instance metadata says that the instance id is "<html>", which is none`, "disabled: false"}},
		"no document": {func(f *imds.Fake) { f.Remove("dynamic/instance-identity/document") }, []string{
			"error: instance metadata has no identity document: not found (404)", "disabled: false"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ns := namespace(t)
			f := serve(t, ns)
			c.do(f)
			start(t, ns, question{What: "id"}).says(c.want...)
			if n := len(f.Requests()); n > 2 {
				t.Errorf("made %d requests", n)
			}
			for _, r := range f.Requests() {
				if name == "version 1" && r.Method == http.MethodGet {
					t.Errorf("fell back to version 1: %v", r)
				}
			}
		})
	}
	t.Run("an error page", func(t *testing.T) {
		t.Parallel()
		ns := namespace(t)
		serve(t, ns).Set("dynamic/instance-identity/document", "<html>Service Unavailable</html>")
		start(t, ns, question{What: "id"}).saysLike("error: cannot read the identity document", "")
	})
}

func TestNeverThroughAProxy(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	serve(t, ns)
	l, err := ns.Listen(t.Context(), "127.0.0.1:3128")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		if conn, err := l.Accept(); err == nil {
			conn.Close()
			t.Error("the proxy was used")
		}
	}()
	const proxy = "http://127.0.0.1:3128"
	start(t, ns, question{What: "id"}, "HTTP_PROXY="+proxy, "http_proxy="+proxy, "ALL_PROXY="+proxy, "NO_PROXY=").says("answer: " + id)
}

func TestSwitchedOffByVariable(t *testing.T) {
	t.Parallel()
	a := start(t, namespace(t), question{What: "id"}, "AWS_EC2_METADATA_DISABLED=TRUE")
	a.says("error: cannot read the identity document: instance metadata is switched off by AWS_EC2_METADATA_DISABLED=true", "disabled: true")
}

func TestBadVariables(t *testing.T) {
	for _, v := range []string{"AWS_EC2_METADATA_SERVICE_ENDPOINT=169.254.169.254", "AWS_EC2_METADATA_SERVICE_ENDPOINT=http://[::1", "AWS_EC2_METADATA_SERVICE_ENDPOINT=http://[::1]/latest",
		"AWS_EC2_METADATA_SERVICE_ENDPOINT=", "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=both"} {
		name, value, _ := strings.Cut(v, "=")
		t.Run(v, func(t *testing.T) {
			t.Setenv(name, value)
			if _, err := New(nil); (err == nil) != (value == "") || err != nil && !strings.Contains(err.Error(), name) {
				t.Errorf("error is %v", err)
			}
		})
	}
}

// TestAgainstMock asks amazon-ec2-metadata-mock, which is another's idea of the service.
func TestAgainstMock(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	m, err := imds.StartMock(t.Context(), ns, t.ArtifactDir(), "spot", "--action", "terminate")
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	start(t, ns, question{What: "id"}).saysLike("answer: i-", "")
	start(t, ns, question{What: "spot/instance-action"}).saysLike(`answer: {`, "")
	start(t, ns, question{What: "no/such/thing"}).says("answer: none")
	start(t, ns, question{What: "user data"}).saysLike("answer: ", "")
}

// local serves data on loopback, at an address that the environment names.
func local(t *testing.T, data map[string]string) (*imds.Fake, *Client) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := imds.Serve(l, data)
	t.Cleanup(func() { f.Close() })
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://"+l.Addr().String()+"/")
	c, err := New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return f, c
}

func gets(f *imds.Fake, path string) int {
	return len(slices.DeleteFunc(f.Requests(), func(r imds.Request) bool { return r.Path != "/latest/"+path }))
}
