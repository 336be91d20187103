// Package docker knows container engines: Docker, containerd, Podman and BuildKit. Images and volumes are what an image may
// be made for; they stay.
package docker

import "github.com/leaven-dev/leaven/bake"

// Plugin is the container engines.
type Plugin struct{}

// Name is the plugin's name.
func (Plugin) Name() string { return "docker" }

// Rules take out what makes an engine itself.
func (Plugin) Rules() []bake.Rule {
	return []bake.Rule{
		{
			ID:     "container-engine-id",
			Title:  "identity of the container engine",
			Why:    "registries and monitoring take clones for one engine",
			Source: "dockerd(8); containerd's introspection plugin; moby issue 13278",
			Where: []string{
				"/etc/docker/key.json", "/var/lib/docker/{engine-id,engine_id}", "/var/lib/containerd/io.containerd.*introspection*/uuid", "/var/lib/docker/containerd/daemon/io.containerd.*introspection*/uuid",
				"/var/lib/{buildkit,docker/buildkit}/**/workerid",
			},
			Files:     true,
			Action:    bake.Delete,
			MadeAgain: "the engine, when it starts",
			Secret:    true,
		},
		{
			ID:        "docker-swarm",
			Title:     "membership of a Docker swarm",
			Why:       "clones are one node, with its key and the swarm's tokens",
			Source:    "Docker documentation, administer and maintain a swarm",
			Where:     []string{"/var/lib/docker/swarm/*"},
			Action:    bake.Delete,
			MadeAgain: "docker swarm join",
			Secret:    true,
		},
		{
			ID:        "container-logs",
			Title:     "logs of containers",
			Why:       "they tell what the containers of the build printed",
			Source:    "Docker documentation, json-file and local logging drivers; podman-logs(1)",
			Where:     []string{"/var/lib/docker/containers/*/*-json.log", "/var/lib/docker/containers/*/local-logs/container.log", "/var/lib/containers/storage/overlay-containers/*/userdata/ctr.log"},
			Action:    bake.Truncate,
			Stage:     bake.Shutdown,
			MadeAgain: "the engine",
		},
		{
			ID:        "container-logs-rotated",
			Title:     "rotated logs of containers",
			Why:       "they tell what the containers of the build printed",
			Source:    "Docker documentation, json-file logging driver",
			Where:     []string{"/var/lib/docker/containers/*/*-json.log.[0-9]*", "/var/lib/docker/containers/*/local-logs/container.log.[0-9]*"},
			Files:     true,
			Action:    bake.Delete,
			Stage:     bake.Shutdown,
			MadeAgain: "the engine",
		},
		{
			ID:        "docker-tls",
			Title:     "private keys of the Docker daemon",
			Why:       "whoever has them can pose as the daemon, or control it",
			Source:    "Docker documentation, protect the Docker daemon socket",
			Where:     []string{"/etc/docker/{server-key.pem,key.pem,ca-key.pem,tls/*key*.pem,certs.d/*/*.key}"},
			Action:    bake.Report,
			Default:   bake.AuditOnly,
			MadeAgain: "nothing: make them at first boot",
		},
	}
}
