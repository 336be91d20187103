// Package amazon knows what AWS' own agents keep on an instance: Systems Manager, ECS, CloudWatch, CodeDeploy, Kinesis,
// Greengrass and the helpers of CloudFormation and EKS.
package amazon

import "github.com/leaven-dev/leaven/bake"

// Plugin is AWS' agents.
type Plugin struct{}

// Name is the plugin's name.
func (Plugin) Name() string { return "amazon" }

// Rules take out registrations and state, and keep settings and programs: /var/cache/ecs holds the ECS agent itself.
func (Plugin) Rules() []bake.Rule {
	return []bake.Rule{
		{
			ID:     "ssm-agent",
			Title:  "registration of the Systems Manager agent",
			Why:    "a clone reports as its parent, or not at all",
			Source: "Systems Manager user guide, creating images; Image Builder's clean-up script",
			Where: []string{
				"/var/lib/amazon/ssm/{registration,Vault,runtimeconfig,ipc,daemons,locals,localcommands,inventory}", "/var/lib/amazon/ssm/{i-*,mi-*}", "/var/log/amazon/ssm/{audits,download,updates}/*",
				"/var/snap/amazon-ssm-agent/{common,[0-9]*}/{registration,Vault,i-*,mi-*}",
			},
			Busy:      []string{"/var/lib/amazon/ssm", "/var/snap/amazon-ssm-agent"}, // the build may come in through a session
			Action:    bake.Delete,
			Stage:     bake.Shutdown,
			MadeAgain: "the agent, when it starts",
			Secret:    true,
		},
		{
			ID:        "ecs-agent",
			Title:     "state of the ECS agent",
			Why:       "a clone claims its parent's container instance",
			Source:    "ECS developer guide; amazon-ecs-ami clean-up script",
			Where:     []string{"/var/lib/ecs/{data,gpu,deps/serviceconnect/state}/*", "/var/lib/ecs/ecs.config.backup", "/etc/ecs/{ecs_agent_data.json,ecs.certs/*}"},
			Files:     true,
			Action:    bake.Delete,
			MadeAgain: "the agent, when it starts",
			Before:    [][]string{{"systemctl", "stop", "ecs*.service"}},
			Secret:    true,
		},
		{
			ID:        "cloudwatch-agent",
			Title:     "state of the CloudWatch agents",
			Why:       "a clone goes on where its parent stopped reading logs",
			Source:    "CloudWatch user guide; awslogs documentation",
			Where:     []string{"/opt/aws/amazon-cloudwatch-agent/{logs/state,var}/*", "/var/{lib/awslogs,awslogs/state}/*", "/opt/aws/amazon-cloudwatch-agent/etc/dimensions"},
			Files:     true,
			Action:    bake.Delete,
			MadeAgain: "the agent, when it starts",
		},
		{
			ID:        "aws-agent-logs",
			Title:     "logs of AWS' agents",
			Why:       "they name the build's account and instance",
			Source:    "documentation of the agents",
			Where:     []string{"/opt/aws/{amazon-cloudwatch-agent/logs,aws-otel-collector/logs,awsagent/logs}/*.log", "/opt/codedeploy-agent/deployment-root/deployment-logs/*.log", "/var/awslogs/*.log"},
			Action:    bake.Truncate,
			Stage:     bake.Shutdown,
			MadeAgain: "the agents",
		},
		{
			ID:        "codedeploy-agent",
			Title:     "state of the CodeDeploy agent",
			Why:       "a clone takes its parent's deployments for its own",
			Source:    "CodeDeploy user guide, deployment archive and log files",
			Where:     []string{"/opt/codedeploy-agent/deployment-root/{ongoing-deployment,deployment-instructions}/*", "/etc/codedeploy-agent/conf/codedeploy.onpremises.yml"},
			Action:    bake.Delete,
			MadeAgain: "the agent",
			Secret:    true,
		},
		{
			ID:        "kinesis-agent",
			Title:     "checkpoints of the Kinesis agent",
			Why:       "a clone goes on where its parent stopped reading",
			Source:    "Kinesis agent documentation, checkpoint file",
			Where:     []string{"/var/{run,lib}/aws-kinesis-agent/checkpoints"},
			Action:    bake.Delete,
			MadeAgain: "the agent",
		},
		{
			ID:        "cfn-state",
			Title:     "state of CloudFormation's helpers",
			Why:       "it holds the metadata of the build's stack, with the secrets that its template passes",
			Source:    "CloudFormation user guide, helper scripts",
			Where:     []string{"/var/lib/cfn-{init,hup}/data/*", "/etc/cfn/cfn-credentials"},
			Action:    bake.Delete,
			MadeAgain: "cfn-init and cfn-hup",
			Secret:    true,
		},
		{
			ID:        "aws-build-leftovers",
			Title:     "leftovers of Image Builder and of other build agents",
			Why:       "they tell how the image was built",
			Source:    "Image Builder's clean-up script",
			Where:     []string{"/{opt,var/lib,var/tmp,root}/{TOE_*,imagebuilder,amazon/toe}", "/var/lib/amazon/toe"},
			Action:    bake.Delete,
			MadeAgain: "nothing",
		},
		{
			ID:        "greengrass-identity",
			Title:     "identity of an IoT Greengrass device",
			Why:       "clones pose as one device",
			Source:    "IoT Greengrass developer guide",
			Where:     []string{"/greengrass/{v2,certs}/{*.key,*.pem.key,privKey.pem,thingCert.crt}", "/greengrass/certs/*.key"},
			Action:    bake.Report,
			Default:   bake.AuditOnly,
			MadeAgain: "fleet provisioning",
		},
		{
			ID:        "eks-node",
			Title:     "membership of an EKS cluster",
			Why:       "a clone looks for the build's cluster",
			Source:    "amazon-eks-ami, bootstrap and nodeadm",
			Where:     []string{"/etc/eks/nodeadm/config*.json", "/run/eks/nodeadm/*"},
			Action:    bake.Delete,
			MadeAgain: "nodeadm, from user data",
		},
	}
}
