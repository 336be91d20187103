package leave

import (
	"fmt"
	"strings"

	"github.com/leaven-dev/leaven/firstboot"
	"github.com/leaven-dev/leaven/firstboot/unit"
)

// Part switches the watcher on where the configuration says leave.on.
func Part() firstboot.Part { return firstboot.Part{Steps: steps} }

func steps(env firstboot.Env) []firstboot.Step {
	kinds := env.Config.Leave.On
	if len(kinds) == 0 || !env.Live {
		return nil
	}
	on := unit.On{ID: "leave", Title: "watch for " + strings.Join(kinds, ", "), Name: "leaven-leave.service", Settings: dropIn(kinds)}
	return []firstboot.Step{on.Step(env)}
}

// dropIn says what is watched for, so that the service is started anew when that changes. The service reads the rest of the
// configuration when there is a notice.
func dropIn(kinds []string) string {
	return fmt.Sprintf("# Written by leaven-firstboot.service, from leave.on of its configuration.\n[Service]\nEnvironment=LEAVEN_LEAVE_ON=%s\n", strings.Join(kinds, ","))
}
