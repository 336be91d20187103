package laststage

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/google/renameio/v2"

	"github.com/leaven-dev/leaven/internal/seal"
)

// recordFile holds what sealing did before the last stage, whose proof tells of the whole. It lies in memory, beside the unit.
const recordFile = "/run/leaven-seal.json"

// Record remembers for the last stage what sealing did until now.
func Record(done []seal.Rule) error {
	text, err := json.Marshal(done)
	if err == nil {
		err = renameio.WriteFile(recordFile, text, 0o600)
	}
	if err != nil {
		return fmt.Errorf("cannot remember for the last stage what was done: %w", err)
	}
	return nil
}

// Recorded is what Record remembered since this system started; nil where there is nothing.
func Recorded() (done []seal.Rule, err error) {
	text, err := os.ReadFile(recordFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &done)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot tell what sealing did before the last stage: %w", err)
	}
	return done, nil
}
