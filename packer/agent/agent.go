// Package agent holds the on-instance binary `leaven` for each machine that the Packer plugin can seal.
//
// The binaries are embedded as gzip files that `make build` writes into this folder. A fresh clone builds without them:
// asking for one then gives a MissingError.
package agent

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// README.md is always there, so that the pattern matches in a fresh clone too.
//
//go:embed [Rl]*
var embedded embed.FS

// maxBinary bounds what one gzip file may unpack to: 128 MiB, many times what an agent weighs.
const maxBinary = 128 << 20

// An Agent is a binary that runs on the far side.
type Agent struct {
	Binary []byte
	SHA256 string // of Binary, in hex
	Boot   []byte // what `leaven install` finds beside Binary: the smaller one that the image boots with
}

// A MissingError says that the plugin was built before its agents were.
type MissingError struct {
	Arch string
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("this build of the plugin carries no agent for linux/%s: build it with `make build`", e.Arch)
}

// A Set is a folder of agents: leaven-linux-ARCH.gz, and leaven-agent-linux-ARCH.gz for boots.
type Set struct {
	fsys fs.FS
}

// Embedded is the set that the plugin carries.
func Embedded() Set { return Set{fsys: embedded} }

// In is a set that lies in fsys. Tests use it to run stand-ins.
func In(fsys fs.FS) Set { return Set{fsys: fsys} }

// For returns the agent for a far side that calls itself system and machine (uname -s, uname -m).
func (s Set) For(system, machine string) (Agent, error) {
	arch := map[string]string{"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}[machine]
	if system != "Linux" || arch == "" {
		return Agent{}, fmt.Errorf("cannot seal a %s/%s machine: leaven runs on Linux on x86_64 and aarch64", system, machine)
	}
	binary, err := s.read("leaven", arch)
	if err != nil {
		return Agent{}, err
	}
	boot, err := s.read("leaven-agent", arch)
	if err != nil {
		return Agent{}, err
	}
	sum := sha256.Sum256(binary)
	return Agent{Binary: binary, SHA256: hex.EncodeToString(sum[:]), Boot: boot}, nil
}

// read unpacks one program.
func (s Set) read(program, arch string) ([]byte, error) {
	name := program + "-linux-" + arch + ".gz"
	packed, err := fs.ReadFile(s.fsys, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &MissingError{Arch: arch}
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read agent %s: %w", name, err)
	}
	binary, err := unpack(packed)
	if err != nil {
		return nil, fmt.Errorf("cannot unpack agent %s: %w", name, err)
	}
	return binary, nil
}

func unpack(packed []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	binary, err := io.ReadAll(io.LimitReader(r, maxBinary+1))
	if err != nil {
		return nil, err
	}
	if len(binary) == 0 || len(binary) > maxBinary {
		return nil, fmt.Errorf("it holds %d bytes or more, not a program", len(binary))
	}
	return binary, nil
}
