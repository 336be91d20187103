package run

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestOutput(t *testing.T) {
	out, err := Output(t.Context(), "sh", "-c", "echo said; echo aside >&2")
	if err != nil || out != "said\n" {
		t.Errorf("%q, %v", out, err)
	}
}

func TestFailureNamesTheCommandAndWhatItSaid(t *testing.T) {
	_, err := Output(t.Context(), "sh", "-c", "echo no such luck >&2; exit 3")
	for _, want := range []string{"cannot run `sh -c", "exit status 3", "no such luck"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want one with %q", err, want)
		}
	}
	if _, err := Output(t.Context(), "/nonexistent/program"); err == nil || !strings.Contains(err.Error(), "/nonexistent/program") {
		t.Errorf("error is %v", err)
	}
}

func TestDeadlineSaysWhy(t *testing.T) {
	why := errors.New("the step took too long")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Millisecond, why)
	defer cancel()
	start := time.Now()
	// The grandchild keeps the output open; it must not keep us.
	_, err := Output(ctx, "sh", "-c", "sleep 5 & wait")
	if !errors.Is(err, why) {
		t.Errorf("error is %v", err)
	}
	if took := time.Since(start); took > 4*time.Second {
		t.Errorf("it took %v", took)
	}
}
