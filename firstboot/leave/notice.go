package leave

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Kind is who says that the instance goes. The first three are the words of leave.on in the configuration.
type Kind string

// The kinds.
const (
	Spot        Kind = "spot"        // EC2 takes the capacity back, two minutes after the notice
	Rebalance   Kind = "rebalance"   // EC2 expects to do so; comes before the notice, at best
	Termination Kind = "termination" // Auto Scaling terminates the instance
	ByHand      Kind = "by hand"     // leaven leave --now
)

// A Notice says that the instance goes.
type Notice struct {
	Kind Kind      `json:"kind"`
	Text string    `json:"text"`         // what was said
	Due  time.Time `json:"due,omitzero"` // when the instance is taken, where that was said
	Seen time.Time `json:"seen"`
}

func (n Notice) same(o Notice) bool {
	return n.Kind == o.Kind && n.Text == o.Text && n.Due.Equal(o.Due)
}

func (n Notice) String() string { return fmt.Sprintf("%s (%s)", n.Kind, n.Text) }

// Metadata reads a path below meta-data of the metadata service; found is false where there is none, which is no error.
type Metadata func(ctx context.Context, path string) (value string, found bool, err error)

// ask asks for a notice of one kind; nil is none. The paths and formats are those of the EC2 user guide ("Spot Instance interruption
// notices", "EC2 instance rebalance recommendations") and of the Auto Scaling user guide ("Retrieve the target lifecycle state").
func ask(ctx context.Context, get Metadata, kind Kind) (*Notice, error) {
	path := map[Kind]string{
		Spot: "spot/instance-action", Rebalance: "events/recommendations/rebalance", Termination: "autoscaling/target-lifecycle-state",
	}[kind]
	text, found, err := get(ctx, path)
	if err != nil || !found {
		return nil, err
	}
	n := &Notice{Kind: kind, Seen: time.Now()}
	if kind == Termination {
		if n.Text = strings.TrimSpace(text); n.Text != "Terminated" {
			return nil, nil
		}
		return n, nil
	}
	var said struct {
		Action     string    `json:"action"`
		Time       time.Time `json:"time"`
		NoticeTime time.Time `json:"noticeTime"`
	}
	if err := json.Unmarshal([]byte(text), &said); err != nil {
		return nil, fmt.Errorf("the metadata service says %.80q in %s, which is no notice: %w", text, path, err)
	}
	switch {
	case kind == Rebalance && !said.NoticeTime.IsZero():
		n.Text = "noticed " + said.NoticeTime.UTC().Format(time.RFC3339)
	case kind == Spot && (said.Action == "terminate" || said.Action == "stop" || said.Action == "hibernate"):
		n.Text, n.Due = said.Action, said.Time
	default:
		return nil, fmt.Errorf("the metadata service says %.80q in %s, which is no notice", text, path)
	}
	return n, nil
}
