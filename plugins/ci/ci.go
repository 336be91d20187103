// Package ci knows runners of continuous integration.
package ci

import "github.com/leaven-dev/leaven/bake"

// Plugin is runners.
type Plugin struct{}

// Name is the plugin's name.
func (Plugin) Name() string { return "ci" }

// Rules take out registrations. A token in a settings file is a matter of package secrets.
func (Plugin) Rules() []bake.Rule {
	const runner = "{~,/opt,/srv,/var/lib}/{actions-runner,github-runner,runner,vsts-agent,azagent,agent}"
	return []bake.Rule{
		{
			ID:        "runner-registration",
			Title:     "registration of a GitHub or Azure Pipelines runner",
			Why:       "clones are one runner, and whoever has the image gets its jobs with their secrets",
			Source:    "GitHub documentation, self-hosted runners; Azure Pipelines documentation, agents",
			Where:     []string{runner + "/{.runner,.runner_migrated,.credentials,.credentials_rsaparams,.credentials_migrated,.agent,_diag/*}"},
			Action:    bake.Delete,
			MadeAgain: "config.sh, with a new token",
			Secret:    true,
		},
		{
			ID:        "gitlab-runner",
			Title:     "identity of a GitLab runner",
			Why:       "clones are one runner manager",
			Source:    "GitLab documentation, system_id of a runner",
			Where:     []string{"/etc/gitlab-runner/.runner_system_id", "~/.gitlab-runner/.runner_system_id"},
			Action:    bake.Delete,
			MadeAgain: "gitlab-runner, when it starts",
		},
		{
			ID:        "runner-tokens",
			Title:     "settings of runners with their tokens",
			Why:       "whoever has the image gets the runner's jobs with their secrets",
			Source:    "documentation of GitLab, Buildkite, TeamCity, CircleCI, Drone and Jenkins",
			Where:     []string{"/etc/gitlab-runner/config.toml", "/etc/buildkite-agent/buildkite-agent.cfg", "/opt/{teamcity,buildAgent}/{,*/}conf/buildAgent.properties", "/etc/circleci-runner/*.yaml", "/var/lib/jenkins/{secret.key,identity.key.enc,secrets/master.key}", "/etc/{drone-runner*,woodpecker}/*.env"},
			Holds:     `(?i)token|secret|key|[^\x00-\x7f]|^[0-9a-f]{64}`,
			Action:    bake.Report,
			Default:   bake.AuditOnly,
			MadeAgain: "registering the runner at first boot",
		},
	}
}
