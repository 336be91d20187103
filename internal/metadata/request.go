package metadata

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"

	"github.com/leaven-dev/leaven/internal/retry"
)

// errNotFound is an answer: there is no such thing.
var errNotFound = errors.New("not found (404)")

// ask asks until there is an answer. What names what is asked for.
//
//	no connection, no answer in time, cut off   again, at the other address first
//	401                                         again, with a new token, which the SDK sees to
//	429, 5xx                                    again
//	404                                         an answer, [errNotFound]; for a token: not version 2
//	403                                         switched off
//	400, all else                               an error at once
func ask[T any](ctx context.Context, c *Client, what string, call func(context.Context, *imds.Client) (T, error)) (answer T, err error) {
	if c.disabled {
		return answer, fmt.Errorf("cannot read %s: %w by %s=true", what, ErrDisabled, disabledVariable)
	}
	err = retry.Do(ctx, func(ctx context.Context) error {
		var silent []string
		for _, e := range c.order() {
			x := &exchange{}
			var err error
			answer, err = call(context.WithValue(ctx, exchangeKey{}, x), e.sdk)
			if x.status != 0 {
				c.answered.Store(e)
			}
			switch {
			case err == nil:
				c.tell("")
				return nil
			case ctx.Err() != nil && x.status == 0:
				return context.Cause(ctx)
			case x.status == 0 && x.err == nil:
				return retry.Stop(err) // it was not even sent
			case x.status == 0:
				silent = append(silent, e.name+" "+reason(x.err))
				continue
			}
			why := e.name + " answers " + status(x.status)
			if x.token {
				why = e.name + " answers a request for a session token with " + status(x.status)
			}
			if verdict, final := judge(x, why, err); final {
				c.tell("")
				return retry.Stop(verdict)
			}
			c.tell("waiting for instance metadata: " + why)
			return errors.New(why)
		}
		why := strings.Join(silent, ", ")
		c.tell("waiting for instance metadata: " + why)
		return errors.New(why)
	})
	if err != nil && !errors.Is(err, errNotFound) {
		err = fmt.Errorf("cannot read %s from instance metadata: %w", what, err)
	}
	return answer, err
}

// order has the endpoint first that answered last.
func (c *Client) order() []*endpoint {
	all := slices.Clone(c.endpoints)
	if last := c.answered.Load(); last != nil {
		i := slices.Index(all, last)
		all[0], all[i] = all[i], all[0]
	}
	return all
}

// judge tells whether an answer is final, and the error that it makes.
func judge(x *exchange, why string, err error) (verdict error, final bool) {
	switch s := x.status; {
	case s == http.StatusForbidden:
		return fmt.Errorf("%w: %s; switch it on with `aws ec2 modify-instance-metadata-options --http-endpoint enabled --instance-id …`", ErrDisabled, why), true
	case x.token && (s == http.StatusNotFound || s == http.StatusMethodNotAllowed || s == http.StatusNotImplemented):
		return fmt.Errorf("%s: it does not speak version 2, and version 1 is not safe", why), true
	case s == http.StatusNotFound:
		return errNotFound, true
	case s == http.StatusUnauthorized, s == http.StatusTooManyRequests, s >= 500:
		return nil, false
	case s < 300:
		return err, true // cannot be decoded
	}
	return errors.New(why), true
}

func status(code int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", code, http.StatusText(code)))
}

// untilFound asks again for what is not found, for as long as patience: it may be there soon.
func untilFound[T any](ctx context.Context, patience time.Duration, get func(context.Context) (T, error)) (answer T, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("waited %s", patience))
	defer cancel()
	err = retry.Do(ctx, func(ctx context.Context) error {
		answer, err = get(ctx)
		if err != nil && !errors.Is(err, errNotFound) {
			return retry.Stop(err)
		}
		return err
	})
	return answer, err
}
