package remote

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A process is ours when it runs the file of this run's staging folder, whose name nobody else has: pids are used again,
// and the begin record that would name one may not have come yet. It gets about five seconds to end by itself.
const stopScript = `n=$1; p=$2; trap "" HUP PIPE; ` +
	`ours() { for q in "$@"; do case $(readlink "/proc/$q/exe" 2>/dev/null) in "$p"|"$p (deleted)") echo "$q";; esac; done; }; ` +
	`all() { for e in /proc/[0-9]*; do ours "${e#/proc/}"; done; }; ` +
	`k=$(all); [ -n "$k" ] && kill -TERM $k; ` +
	`i=0; while k=$(ours $k); [ -n "$k" ] && [ "$i" -lt 25 ]; do sleep 0.2 || sleep 1; i=$((i+1)); done; ` +
	`[ -n "$k" ] && kill -KILL $k && sleep 1; `

const stoppedScript = `printf "leaven-%s left %s\nleaven-%s end\n" "$n" "$(echo $(all))" "$n"`

// Stop ends every process that runs this machine's agent. Give it a context of its own: the build's may be over.
func (m *Machine) Stop(ctx context.Context) error {
	if m.facts.Staging == "" {
		return nil // nothing can have run
	}
	_, err := m.stop(ctx, stopScript+stoppedScript)
	return err
}

const disarmScript = stopScript +
	`"$p" ` + disarm + ` >/dev/null && printf "leaven-%s disarmed yes\n" "$n"; rm -rf -- "${p%/*}"; ` + stoppedScript

// Disarm stops the agent as Stop does, has it take the last stage back, and removes it, in one command. Give it a context of
// its own, as for Stop.
func (m *Machine) Disarm(ctx context.Context) error {
	answers, err := m.stop(ctx, disarmScript)
	if err == nil && answers["disarmed"] != "yes" {
		err = errors.New("the agent did not take the last stage back")
	}
	return err
}

func (m *Machine) stop(ctx context.Context, text string) (map[string]string, error) {
	words, stdin := m.asRoot("/bin/sh", "-c", text, "leaven", m.id, m.path())
	answers, err := m.ask(ctx, quote(words...), stdin)
	if err != nil {
		return nil, fmt.Errorf("cannot stop the agent on the far side: %w", err)
	}
	if left := answers["left"]; left != "" {
		return nil, fmt.Errorf("cannot stop the agent on the far side: process %s still runs %s", left, m.path())
	}
	return answers, nil
}

const removeScript = `n=$1; shift; for d in "$@"; do t=$d/leaven-$n; rm -rf -- "$t"; if [ -e "$t" ]; then printf "leaven-%s left %s\n" "$n" "$t"; fi; done; printf "leaven-%s end\n" "$n"`

// Remove removes the staging folder, wherever a probe may have made it. Give it a context of its own, as for Stop.
func (m *Machine) Remove(ctx context.Context) error {
	m.settle(10 * time.Second) // a probe that was given up could make the folder after it was removed
	answers, err := m.ask(ctx, script(removeScript, append([]string{m.id}, m.candidates()...)...), nil)
	if err != nil {
		return fmt.Errorf("cannot remove the agent from the far side: %w", err)
	}
	if left := answers["left"]; left != "" {
		return fmt.Errorf("cannot remove the agent from the far side: %s is still there", left)
	}
	return nil
}
