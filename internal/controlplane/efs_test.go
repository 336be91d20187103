package controlplane

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// TestMountTargets answers as the EFS API does (API reference, DescribeMountTargets), in two pages. The SDK reads it.
func TestMountTargets(t *testing.T) {
	const target = `{"FileSystemId":"fs-0123456789abcdef0","IpAddress":%q,"LifeCycleState":%q,"MountTargetId":"fsmt-1","SubnetId":"subnet-1","AvailabilityZoneName":%q}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		switch {
		case r.URL.Path != "/2015-02-01/mount-targets" || q.Get("FileSystemId") == "":
			http.Error(w, "no", http.StatusBadRequest)
		case q.Get("FileSystemId") != "fs-0123456789abcdef0":
			w.Header().Set("X-Amzn-Errortype", "FileSystemNotFound")
			w.WriteHeader(http.StatusNotFound)
			io.WriteString(w, `{"ErrorCode":"FileSystemNotFound","Message":"File system does not exist."}`)
		case q.Get("Marker") == "":
			fmt.Fprintf(w, `{"MountTargets":[`+target+`,`+target+`],"NextMarker":"more"}`, "10.0.1.5", "available", "eu-central-1a", "10.0.9.9", "deleting", "eu-central-1c")
		default:
			fmt.Fprintf(w, `{"MountTargets":[`+target+`]}`, "10.0.2.5", "available", "eu-central-1b")
		}
	}))
	defer server.Close()
	cfg := aws.Config{Region: "eu-central-1", BaseEndpoint: aws.String(server.URL), HTTPClient: http.DefaultClient, Credentials: credentials.NewStaticCredentialsProvider("AKID", "secret", "")}
	got, err := New(cfg).MountTargets(t.Context(), "fs-0123456789abcdef0")
	want := []MountTarget{{"eu-central-1a", netip.MustParseAddr("10.0.1.5")}, {"eu-central-1b", netip.MustParseAddr("10.0.2.5")}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := New(cfg).MountTargets(t.Context(), "fs-00000000"); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("error %v", err)
	}
}
