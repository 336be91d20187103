package corpus

// software is what services keep: identities, memberships, state.
func software() []Item {
	return append(all(Removed, `
		/var/lib/cloud/instance/user-data.txt /var/lib/cloud/instances/i-0123456789abcdef0/obj.pkl /var/lib/cloud/data/instance-id /var/lib/cloud/sem/config_scripts_per_once.once
		/var/lib/amazon/ssm/registration /var/lib/amazon/ssm/Vault/Store/RegistrationKey /var/lib/amazon/ssm/i-0123456789abcdef0/document/state/x /var/lib/amazon/ssm/mi-0123/x /var/log/amazon/ssm/audits/amazon-ssm-agent-audit-2026-01-31
		/var/lib/ecs/data/agent.db /var/lib/ecs/data/ecs_agent_data.json /opt/aws/amazon-cloudwatch-agent/logs/state/_var_log_messages /var/lib/awslogs/agent-state /var/awslogs/state/agent-state
		/var/lib/cfn-init/data/metadata.json /var/lib/cfn-hup/data/metadata_db.json
		/etc/docker/key.json /var/lib/docker/engine-id /var/lib/docker/swarm/docker-state.json /var/lib/containerd/io.containerd.grpc.v1.introspection/uuid
		/var/lib/kubelet/pki/kubelet-client-current.pem /var/lib/kubelet/pki/kubelet.key /etc/kubernetes/kubelet.conf /etc/kubernetes/admin.conf /etc/kubernetes/bootstrap-kubelet.conf /etc/kubernetes/pki/ca.key
		/var/lib/kubelet/kubeconfig /var/lib/kubelet/cpu_manager_state /var/lib/cni/networks/cbr0/10.0.0.2 /etc/rancher/node/password /etc/rancher/k3s/k3s.yaml /var/lib/rancher/k3s/server/node-token /var/lib/rancher/k3s/server/tls/server-ca.key
		/etc/salt/minion_id /etc/salt/pki/minion/minion.pem /etc/salt/pki/minion/minion.pub /etc/puppetlabs/puppet/ssl/private_keys/x.pem /var/lib/puppet/ssl/certs/x.pem /var/lib/puppet/state/state.yaml
		/var/lib/puppet/clientbucket/a/b/contents /opt/puppetlabs/puppet/cache/state/last_run_summary.yaml /etc/chef/client.pem /etc/chef/validation.pem /var/chef/backup/etc/hosts.chef-2026 /etc/cinc/client.pem
		/var/lib/cfengine3/ppkeys/localhost.priv /var/lib/cfengine3/ppkeys/localhost.pub /var/lib/cfengine3/policy_server.dat /var/lib/cfengine3/state/cf_lastseen.lmdb /var/lib/cfengine3/inputs/promises.cf
		/var/cfengine/ppkeys/localhost.priv /var/cfengine/ppkeys/root-MD5=abc.pub /var/cfengine/bootstrap_id.dat /var/cfengine/outputs/cf_x /var/cfengine/randseed /var/cfengine/reports/x /var/cfengine/lastseen/x
		/var/cfengine/data/host_specific.json /var/cfengine/masterfiles/cf_promises_validated /var/cfengine/modules/packages/apt_get.cf-before-edit
		/opt/consul/node-id /var/lib/consul/node-id /opt/consul/serf/local.snapshot /opt/nomad/client/client-id /var/lib/nomad/client/secret-id /opt/vault/data/vault.db /opt/vault/data/raft/raft.db
		/var/lib/rabbitmq/.erlang.cookie /var/lib/rabbitmq/mnesia/rabbit@builder/schema.DAT /var/lib/rabbitmq/mnesia/rabbit@builder.pid
		/var/lib/tailscale/tailscaled.state /var/lib/zerotier-one/identity.secret /etc/wireguard/privatekey /etc/wireguard/wg0.key
		/var/lib/mysql/auto.cnf /var/lib/redis/nodes.conf /var/lib/glusterd/glusterd.info /etc/graylog/server/node-id /var/lib/logstash/uuid /var/lib/kibana/uuid /var/lib/filebeat/meta.json
		/etc/datadog-agent/auth_token /var/lib/netdata/registry/netdata.public.unique.id /opt/splunkforwarder/etc/instance.cfg /var/lib/teleport/host_uuid
		/var/lib/waagent/ovf-env.xml /var/lib/waagent/Certificates.pem /etc/google_instance_id /opt/actions-runner/.credentials /home/alice/actions-runner/.runner /etc/gitlab-runner/.runner_system_id
		/var/lib/dovecot/instances /var/lib/fprint/alice/x /var/lib/AccountsService/users/alice /etc/cups/ssl/builder.key /var/lib/fwupd/pki/secret.key /etc/cockpit/ws-certs.d/0-self-signed.key
		/var/lib/systemd/pstore/dmesg.txt /var/lib/systemd/rfkill/platform-x /var/lib/leaven/i-0123456789abcdef0/state.json
	`), []Item{
		{Path: "/etc/wireguard/wg0.conf", Fate: Removed, Text: "[Interface]\nPrivateKey = AAAA\nAddress = 10.8.0.2/24\n", Mode: 0o600},
		{Path: "/home/alice/.ssh/work", Fate: Removed, Text: "-----BEGIN OPENSSH " + "PRIVATE KEY-----\nAAAA\n", Mode: 0o600},
		{Path: "/home/alice/.gradle/gradle.properties", Fate: Removed, Text: "signing.password=x\n", Mode: 0o600},
		{Path: "/home/alice/.bashrc", Fate: Kept, Text: "export HISTFILE=\"$HOME/.local/odd/place\"\nexport HISTFILESIZE=1000\n"},
		{Path: "/home/alice/.local/odd/place", Fate: Removed},
		{Path: "/etc/ssh/sshd_config", Fate: Kept, Text: "Port 22\nAuthorizedKeysFile .ssh/authorized_keys /etc/ssh/keys/%u\nPasswordAuthentication no\n"},
		{Path: "/etc/ssh/keys/alice", Fate: Removed},
	}...)
}
