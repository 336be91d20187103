package systemd

import (
	"fmt"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// Ready tells that a service of Type=notify is up. Outside of a unit it does nothing.
func Ready() error {
	if _, err := daemon.SdNotify(false, daemon.SdNotifyReady); err != nil {
		return fmt.Errorf("cannot tell systemd that the service is ready: %w", err)
	}
	return nil
}

// Alive tells the watchdog that the service works (sd_notify(3), WATCHDOG=1). Outside of a unit it does nothing.
func Alive() error {
	if _, err := daemon.SdNotify(false, daemon.SdNotifyWatchdog); err != nil {
		return fmt.Errorf("cannot tell systemd's watchdog that the service works: %w", err)
	}
	return nil
}

// Watchdog is the time within which Alive must be called (WatchdogSec=), or 0 where nobody waits for it. Call it two or three times
// as often.
func Watchdog() (time.Duration, error) {
	d, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		return 0, fmt.Errorf("cannot tell how often the watchdog wants to hear from the service: %w", err)
	}
	return d, nil
}
