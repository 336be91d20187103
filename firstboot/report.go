package firstboot

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/leaven-dev/leaven/firstboot/config"
	"github.com/leaven-dev/leaven/internal/retry"
)

// told is the record of what was told to whom, so that nobody is told the same twice.
type told map[string]string // by step

func toldFile(id string) string { return instanceDir(id) + "/told.json" }

// report tells others how first boot ended, also and above all when it failed. Each of them is a step of its own. The outcome of
// telling does not change what the others are told.
func (p *provision) report() []Step {
	loaded, err := p.forReport()
	if err != nil || p.agent.Outside == nil && !p.dry {
		return nil
	}
	result := p.result()
	var steps []Step
	add := func(id, title, text string, tell func(context.Context) error) {
		if text == "" {
			return
		}
		steps = append(steps, Step{
			ID: id, Title: title, Policy: Degrade, Deadline: loaded.Signal.Deadline, Regardless: true,
			Check: func(context.Context) (Verdict, error) {
				was, err := p.told()
				return Verdict{OK: was[id] == text, Text: ifElse(was[id] == text, "told "+text, "would tell "+text)}, err
			},
			Apply: func(ctx context.Context) error {
				if err := tell(ctx); err != nil {
					return err
				}
				return p.tell(id, text)
			},
		})
	}
	signal, outside := loaded.Signal, p.agent.Outside
	if signal.LifecycleHook != "" {
		answer := map[Result]string{OK: "CONTINUE", Degraded: strings.ToUpper(signal.OnDegraded), Failed: strings.ToUpper(signal.OnFailure)}[result]
		if answer == "NOTHING" {
			answer = ""
		}
		add("signal-lifecycle-hook", "complete the lifecycle hook "+signal.LifecycleHook, answer, func(ctx context.Context) error {
			err := completeHook(ctx, outside, signal, p.who.ID, answer)
			return WithCure(err, "see that the instance's role may do autoscaling:CompleteLifecycleAction")
		})
	}
	if signal.Tag != "" {
		add("signal-tag", "tag the instance with "+signal.Tag, string(result), func(ctx context.Context) error {
			return WithCure(outside.SetTag(ctx, p.who.ID, signal.Tag, string(result)), "see that the instance's role may do ec2:CreateTags")
		})
	}
	if signal.Command.Given() {
		add("signal-command", "run "+signal.Command.Name(), string(result), func(ctx context.Context) error {
			status, err := ReadStatus(p.agent.Root, p.agent.Version)
			if err != nil {
				return err
			}
			// It is not through, since this is a part of it; what is told is how it stands.
			status.Result = result
			rec := StageRecord{Stage: Provision, Boot: p.book.boot, Result: result}
			if p.gaveUp != nil {
				rec.Message, rec.Cure = p.gaveUp.Error(), cureOf(p.gaveUp)
			}
			status.Verdict = p.agent.summary(rec, p.book).String()
			data, err := json.Marshal(status)
			if err != nil {
				return err
			}
			return retry.Do(ctx, func(ctx context.Context) error {
				return p.commandWith(ctx, config.Run{Name: "signal-command"}, signal.Command, bytes.NewReader(data))
			})
		})
	}
	return steps
}

// hookComes is how long an action of a lifecycle hook that is not there yet is waited for: an instance may be faster than Auto
// Scaling, and one that was not told to go on would be taken away in the end.
const hookComes = 20 * time.Second

// completeHook answers a lifecycle hook. That none waits for this instance is fine.
func completeHook(ctx context.Context, outside *Outside, signal config.Signal, instance, answer string) error {
	nothing := errors.New("no action waits for this instance")
	ctx, cancel := context.WithTimeout(ctx, min(hookComes, signal.Deadline))
	defer cancel()
	err := retry.Do(ctx, func(ctx context.Context) error {
		done, err := outside.CompleteHook(ctx, signal.LifecycleHook, signal.Group, instance, answer)
		switch {
		case err != nil:
			return retry.Stop(err)
		case !done:
			return nothing
		}
		return nil
	})
	if errors.Is(err, nothing) {
		return nil
	}
	return err
}

// forReport is the configuration that says who is told. Where user data is wrong, the image's own still counts.
func (p *provision) forReport() (*config.Loaded, error) {
	if p.config != nil || p.imageErr != nil || p.image == nil {
		return p.config, p.imageErr
	}
	return p.image, p.expand(context.Background(), p.image)
}

// result is how the instance stands so far.
func (p *provision) result() Result {
	if p.gaveUp != nil {
		return Failed
	}
	result := p.book.verdict(Provision)
	if rec, ran, err := loadStage(p.agent.Root, Identity, p.book.boot); err == nil && ran && worse(rec.Result, result) {
		result = rec.Result
	}
	return result
}

func (p *provision) told() (told, error) {
	was := told{}
	data, err := p.agent.Root.ReadFile(toldFile(p.who.ID))
	if errors.Is(err, fs.ErrNotExist) {
		return was, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &was)
	}
	if err != nil {
		err = WithCure(fmt.Errorf("cannot read who was told what, %s: %w", toldFile(p.who.ID), err), "remove that file; all are told once more")
	}
	return was, err
}

// tell records what was told. Steps of one lot run side by side.
func (p *provision) tell(id, text string) error {
	p.book.mu.Lock()
	defer p.book.mu.Unlock()
	was, err := p.told()
	if err != nil {
		return err
	}
	was[id] = text
	data, err := json.Marshal(was)
	if err != nil {
		return err
	}
	return p.agent.Root.WriteFile(toldFile(p.who.ID), append(data, '\n'), 0o644)
}
