// Command standin takes the agent's place in tests of the Packer plugin. It does what the script behind it says.
package main

import (
	"encoding/binary"
	"encoding/json"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/leaven-dev/leaven/bake/wire"
	"github.com/leaven-dev/leaven/packer/internal/rehearsal"
)

func main() {
	script, err := ownScript()
	if err != nil {
		os.Stderr.WriteString("standin: " + err.Error() + "\n")
		os.Exit(99)
	}
	act := script.Commands[command(os.Args)]
	if act.IgnoreSignal {
		signal.Ignore(syscall.SIGTERM)
	}
	if script.Log != "" {
		if err := logRun(script.Log); err != nil {
			os.Stderr.WriteString("standin: " + err.Error() + "\n")
			os.Exit(99)
		}
	}
	os.Exit(play(act))
}

// command is the name under which a script has what this run does.
func command(args []string) string {
	for flag, name := range map[string]string{"--disarm": "disarm", "--baseline": "baseline"} {
		if args[1] == "bake" && slices.Contains(args, flag) {
			return name
		}
	}
	return args[1]
}

func play(act rehearsal.Act) int {
	out := json.NewEncoder(os.Stdout)
	nonce := os.Args[slices.Index(os.Args, "--nonce")+1]
	if !act.NoBegin {
		out.Encode(wire.Record{Type: wire.Begin, Nonce: or(act.BeginNonce, nonce), PID: os.Getpid(), Version: or(act.Version, rehearsal.Version)})
	}
	for _, rec := range act.Records {
		out.Encode(rec)
	}
	for act.Hang {
		time.Sleep(100 * time.Millisecond)
		if !act.Mute {
			out.Encode(wire.Record{Type: wire.Beat}) // SIGPIPE ends us when nobody reads
		}
	}
	if !act.NoEnd {
		out.Encode(wire.Record{Type: wire.End, Nonce: or(act.EndNonce, nonce), Exit: &act.Exit, Error: act.Error, Catalogue: act.Catalogue})
	}
	if act.Status != nil {
		return *act.Status
	}
	return act.Exit
}

func or(instead, right string) string {
	if instead != "" {
		return instead
	}
	return right
}

// ownScript reads what Agents put behind the program: JSON, then its length in eight bytes.
func ownScript() (rehearsal.Script, error) {
	var script rehearsal.Script
	data, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		return script, err
	}
	end := len(data) - 8
	size := int(binary.BigEndian.Uint64(data[end:]))
	return script, json.Unmarshal(data[end-size:end], &script)
}

func logRun(path string) error {
	entry := rehearsal.Entry{PID: os.Getpid(), Args: os.Args[1:]}
	var err error
	if i := slices.Index(os.Args, "--config"); i > 0 {
		text, err := os.ReadFile(os.Args[i+1])
		if err != nil {
			return err
		}
		entry.Settings = string(text)
	}
	if entry.Exe, err = os.Readlink("/proc/self/exe"); err != nil {
		return err
	}
	info, err := os.Stat("/proc/self/exe")
	if err != nil {
		return err
	}
	entry.Mode = info.Mode().String()
	if in, err := os.Stdin.Stat(); err != nil || in.Mode()&os.ModeCharDevice == 0 { // a terminal has no end
		stdin, err := io.ReadAll(os.Stdin)
		if err != nil {
			return err
		}
		entry.Stdin = string(stdin)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	return json.NewEncoder(f).Encode(entry)
}
