package metadata

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestUntilFoundHasPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun, asked := time.Now(), 0
		_, err := untilFound(t.Context(), rolePatience, func(context.Context) (string, error) {
			asked++
			return "", errNotFound
		})
		if took := time.Since(begun); !errors.Is(err, errNotFound) || took != rolePatience || asked < 5 {
			t.Errorf("asked %d times in %s: %v", asked, took, err)
		}
	})
	broken, asked := errors.New("broken"), 0
	_, err := untilFound(t.Context(), rolePatience, func(context.Context) (string, error) {
		asked++
		return "", broken
	})
	if !errors.Is(err, broken) || asked != 1 {
		t.Errorf("asked %d times: %v", asked, err)
	}
}
