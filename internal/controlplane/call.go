package controlplane

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	smithy "github.com/aws/smithy-go/transport/http"

	"github.com/leaven-dev/leaven/internal/retry"
)

// largest is the number of bytes of an answer that are read. No call here has answers that come near it.
const largest = 4 << 20

// query calls an action of the query protocol (EC2 API reference, "Query requests"), and returns the XML that it answers.
func (s service) query(ctx context.Context, cfg aws.Config, action string, values url.Values) ([]byte, error) {
	values.Set("Action", action)
	values.Set("Version", s.version)
	return s.call(ctx, cfg, http.MethodPost, "/", values.Encode())
}

// get reads a resource of an API that is REST, and returns the JSON that it answers.
func (s service) get(ctx context.Context, cfg aws.Config, path string, values url.Values) ([]byte, error) {
	return s.call(ctx, cfg, http.MethodGet, path+"?"+values.Encode(), "")
}

// call makes a request until it succeeds, fails for good, or ctx ends. Which failures may pass is the SDK's judgement.
func (s service) call(ctx context.Context, cfg aws.Config, method, path, body string) (answer []byte, err error) {
	base, err := s.endpoint(ctx, cfg)
	if err != nil {
		return nil, err
	}
	judge := sdk.NewStandard()
	var skew time.Duration // by which AWS's clock is ahead of ours
	err = retry.Do(ctx, func(ctx context.Context) error {
		var err error
		answer, err = s.try(ctx, cfg, method, strings.TrimSuffix(base, "/")+path, body, time.Now().Add(skew))
		if f, ok := errors.AsType[*failure](err); ok && f.clock() && skew == 0 {
			if skew = time.Until(f.date); skew != 0 {
				return err // once more, by AWS's clock
			}
		}
		if err != nil && !judge.IsErrorRetryable(err) {
			return retry.Stop(err)
		}
		return err
	})
	return answer, err
}

// try makes one request.
func (s service) try(ctx context.Context, cfg aws.Config, method, url, body string, now time.Time) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	}
	credentials, err := cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(body))
	if err := v4.NewSigner().SignHTTP(ctx, credentials, r, hex.EncodeToString(sum[:]), s.host, cfg.Region, now); err != nil {
		return nil, err
	}
	resp, err := cfg.HTTPClient.Do(r)
	if err != nil {
		return nil, &smithy.RequestSendError{Err: err}
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, largest))
	if err != nil {
		return nil, &smithy.RequestSendError{Err: err}
	}
	if resp.StatusCode/100 != 2 {
		return nil, newFailure(resp, answer)
	}
	return answer, nil
}
