// Package databases knows what makes a database server itself. The data stays: it may be what the image is for.
package databases

import "github.com/leaven-dev/leaven/bake"

// Plugin is database servers.
type Plugin struct{}

// Name is the plugin's name.
func (Plugin) Name() string { return "databases" }

// Rules take out identifiers that a server makes again, and report those that are part of its data.
func (Plugin) Rules() []bake.Rule {
	return []bake.Rule{
		{
			ID:        "mysql-uuid",
			Title:     "UUID of a MySQL server",
			Why:       "replicas with one UUID refuse each other",
			Source:    "MySQL reference manual, server_uuid",
			Where:     []string{"/var/lib/mysql{,/data}/auto.cnf"},
			Action:    bake.Delete,
			MadeAgain: "mysqld, when it starts",
			Before:    [][]string{{"systemctl", "stop", "mysql*.service", "mariadb*.service"}},
		},
		{
			ID:        "mysql-keys",
			Title:     "keys that mysqld made for itself",
			Why:       "all clones serve the same private key",
			Source:    "MySQL reference manual, auto_generate_certs",
			Where:     []string{"/var/lib/mysql/{ca,ca-key,server-cert,server-key,client-cert,client-key,private_key,public_key}.pem"},
			Files:     true,
			Action:    bake.Delete,
			MadeAgain: "mysqld, when it starts",
			Secret:    true,
		},
		{
			ID:        "mysql-logs",
			Title:     "binary and relay logs in /var/log",
			Why:       "they hold every statement that changed something",
			Source:    "MySQL reference manual, the binary log; MariaDB's Debian configuration",
			Where:     []string{"/var/log/{mysql,mariadb}/*bin.{[0-9]*,index,state}", "/var/log/{mysql,mariadb}/*relay*.{[0-9]*,index,info}"},
			Files:     true,
			Action:    bake.Delete,
			Stage:     bake.Shutdown,
			MadeAgain: "mysqld",
			Secret:    true,
		},
		{
			ID:        "mysql-passwords",
			Title:     "password of Debian's maintenance user",
			Why:       "all clones share it; Debian's scripts need it",
			Source:    "Debian's README of mysql-server",
			Where:     []string{"/etc/mysql/debian.cnf"},
			Holds:     `(?m)^[ \t]*password[ \t]*=[ \t]*\S`,
			Action:    bake.Report,
			Default:   bake.AuditOnly,
			MadeAgain: "nothing: set another at first boot",
		},
		{
			ID:        "redis-node",
			Title:     "node ID of a Redis cluster",
			Why:       "nodes with one ID push each other out of the cluster",
			Source:    "Redis documentation, cluster-config-file",
			Where:     []string{"/var/lib/{redis,valkey,keydb}/{,*/}nodes{,-*}.conf", "/etc/redis/nodes{,-*}.conf"},
			Files:     true,
			Action:    bake.Delete,
			MadeAgain: "the server, when it starts",
		},
		{
			ID:     "database-identity",
			Title:  "identity of a database server",
			Why:    "clones take part in a cluster as one member; the identity is part of the data",
			Source: "documentation of PostgreSQL, MongoDB, Cassandra, Elasticsearch, Kafka, ZooKeeper and CockroachDB",
			Where: []string{
				"/var/lib/{postgresql/*/*,pgsql/data,pgsql/*/data}/global/pg_control", "/var/lib/{mongodb,mongo}/{WiredTiger,storage.bson}", "/var/lib/{cassandra,scylla}/data/system/local-*",
				"/var/lib/{elasticsearch,opensearch}/{nodes,_state}", "/var/lib/{kafka,kafka-logs}/{,*/}meta.properties", "/var/lib/zookeeper/{,data/}myid", "/var/lib/cockroach/{,data/}STORAGE_MIN_VERSION",
				"/var/lib/{mysql,mariadb}/{galera.cache,grastate.dat,gvwstate.dat}", "/var/lib/{clickhouse/uuid,influxdb/meta/meta.db,neo4j/data/server_id,couchdb/_dbs.couch}",
			},
			Action:    bake.Report,
			Default:   bake.AuditOnly,
			MadeAgain: "setting up the server at first boot",
		},
	}
}
