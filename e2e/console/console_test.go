package console

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func open(t *testing.T) *Log {
	t.Helper()
	l, err := Create(filepath.Join(t.TempDir(), "console.log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func TestWaitSeesTextAcrossWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := open(t)
		go func() {
			for _, part := range []string{"first\r\n", "log", "in: "} {
				time.Sleep(time.Second)
				l.Write([]byte(part))
			}
		}()
		if err := l.Wait(t.Context(), "login:"); err != nil {
			t.Error(err)
		}
		if got, _ := os.ReadFile(l.Path()); string(got) != "first\r\nlogin: " {
			t.Errorf("the file holds %q", got)
		}
	})
}

func TestWaitEndsWithTheMachine(t *testing.T) {
	l := open(t)
	l.Write([]byte("kernel panic\r\n"))
	l.Close()
	err := l.Wait(t.Context(), "login:")
	if err == nil || !strings.Contains(err.Error(), "kernel panic") || !strings.Contains(err.Error(), l.Path()) {
		t.Errorf("error is %v", err)
	}
}

func TestWaitEndsWithTheContext(t *testing.T) {
	l := open(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := l.Wait(ctx, "login:"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error is %v", err)
	}
}
