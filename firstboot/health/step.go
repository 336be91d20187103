package health

import (
	"fmt"

	"github.com/leaven-dev/leaven/firstboot"
	"github.com/leaven-dev/leaven/firstboot/unit"
)

// Part switches the endpoint on where the configuration says health.listen.
func Part() firstboot.Part { return firstboot.Part{Steps: steps} }

func steps(env firstboot.Env) []firstboot.Step {
	listen := env.Config.Health.Listen
	if listen == "" || !env.Live {
		return nil
	}
	on := unit.On{ID: "health", Title: "the health endpoint on " + listen, Name: "leaven-health.socket", Settings: dropIn(listen)}
	return []firstboot.Step{on.Step(env)}
}

// dropIn makes the socket listen there and nowhere else: an empty value takes back what the unit says (systemd.socket(5)).
func dropIn(listen string) string {
	return fmt.Sprintf("# Written by leaven-firstboot.service, from health.listen of its configuration.\n[Socket]\nListenStream=\nListenStream=%s\n", listen)
}
