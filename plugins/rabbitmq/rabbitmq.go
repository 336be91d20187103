// Package rabbitmq knows RabbitMQ and the Erlang cookie.
package rabbitmq

import "github.com/leaven-dev/leaven/bake"

// Plugin is RabbitMQ.
type Plugin struct{}

// Name is the plugin's name.
func (Plugin) Name() string { return "rabbitmq" }

// Rules take out the node's database, which is named after the build machine, and the cookie that opens every clone. The
// definitions and plugins that the image's owner enabled are in /etc/rabbitmq and stay.
func (Plugin) Rules() []bake.Rule {
	stop := [][]string{{"systemctl", "stop", "rabbitmq*.service"}}
	return []bake.Rule{
		{
			ID:        "erlang-cookie",
			Title:     "Erlang cookie",
			Why:       "whoever has it can run programs on every clone",
			Source:    "RabbitMQ documentation, clustering; erl(1)",
			Where:     []string{"/var/lib/rabbitmq/.erlang.cookie", "~/.erlang.cookie", "/var/lib/{ejabberd,couchdb,emqx,vernemq,riak}/.erlang.cookie", "/opt/couchdb/.erlang.cookie"},
			Action:    bake.Delete,
			MadeAgain: "Erlang, when it starts; nodes of one cluster must be given the same",
			Before:    stop,
			Secret:    true,
		},
		{
			ID:        "rabbitmq-data",
			Title:     "database of RabbitMQ",
			Why:       "it belongs to a node of the build machine's name; a clone of another name does not find it, one of the same name joins its parent's cluster",
			Source:    "RabbitMQ documentation, node names and data directory",
			Where:     []string{"/var/lib/rabbitmq/mnesia/*", "/var/lib/rabbitmq/erl_crash.dump"},
			Action:    bake.Delete,
			MadeAgain: "RabbitMQ, when it starts",
			Before:    stop,
			Secret:    true,
		},
	}
}
