# The commands of a developer: make demo, make demo-hubs, make test; `make help` lists the rest.
#
# Each works as the first command on a fresh Debian 12, Debian 13 or Ubuntu 24.04
# with Go: it installs the Debian packages that are missing, and builds its tools
# from the modules that tools.mod pins. What is slow to make is kept in .cache
# (or in LEAVEN_CACHE).

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := build
MAKEFLAGS += --no-builtin-rules

export CACHE := $(abspath $(or $(LEAVEN_CACHE),.cache))
export LEAVEN_CACHE := $(CACHE)
export PATH := $(CACHE)/tools:$(PATH):/usr/local/go/bin:/usr/sbin:/sbin

# The same build on machines with and without a C compiler.
export CGO_ENABLED := 0

# Programs that need root (containers, mounts, network namespaces) get it through
# sudo, without a question: a build that waits for a password in the middle is
# worse than one that says what it needs. They see the same tools and the same
# module cache. Empty when we are root.
SUDO := $(if $(filter 0,$(shell id -u)),,sudo -n env PATH=$(PATH) LEAVEN_CACHE=$(CACHE) GOMODCACHE=$(shell PATH="$(PATH)" go env GOMODCACHE) CI=$(CI))

# say prints what is done and how long the whole took until then.
export STARTED := $(shell date +%s)
say = printf '%4ds  %s\n' $$(( $$(date +%s) - STARTED ))

VERSION := $(shell git describe --tags --always --dirty --match 'v*' 2>/dev/null || echo dev)
BUILD := go build -trimpath -buildvcs=false -ldflags='-s -w -buildid= -X main.version=$(VERSION)'

##@ What people run
.PHONY: help build test demo demo-hubs bench
help: ## list the targets
	@awk -F ':.*## ' '/^##@/ { printf "\n%s\n", substr($$0, 5) } /^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

build: go agents ## bin/leaven, bin/leaven-linux-arm64, bin/packer-plugin-leaven (for a Mac: GOOS=darwin GOARCH=arm64 make build)
	@$(say) "build the Packer plugin"
	@$(BUILD) -o bin/packer-plugin-leaven ./cmd/packer-plugin-leaven

demo: setup packer build ## the main job: build a golden image, boot two instances of it
	@$(say) "run the demo"
	@go build -o $(CACHE)/tools/demo ./e2e/demo
	@$(SUDO) $(CACHE)/tools/demo

demo-hubs: setup agents ## policy hubs behind a balancer: one is lost and replaced, and clients tell what they saw
	@$(say) "run the demo of policy hubs"
	@go build -o $(CACHE)/tools/demo ./e2e/demo
	@$(SUDO) $(CACHE)/tools/demo hubs

test: check build ## everything that is checked, in full; PKG=./e2e/... RUN=TestBoot narrow it
	@$(say) "run the tests (logs and console output: $(CACHE)/artifacts)"
	@$(GO_TEST) $(PKG)

bench: setup tools build $(CACHE)/tools/gitleaks ## every figure, side by side with the peers
	@command -v virt-sysprep >/dev/null || { $(say) "install guestfs-tools, a peer"; $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends guestfs-tools </dev/null >/dev/null; }
	@$(say) "run the benchmarks"
	@go test $(GO_EXEC) -count=1 -p 1 -timeout 60m -run '^$$' -bench . ./...

# Narrow a run with PKG=./e2e/nspawn and RUN=TestBoot.
PKG ?= ./...
RUN ?=

# -count=1: the end-to-end tests depend on programs and systems that go test does
# not see, so a cached result could be wrong.
# -p 1: what needs the machine for itself has it. Tests that can stand another beside
# them say so (t.Parallel) and run two at a time: on two cores a third one only makes all slower.
# -exec: as an ordinary user, the tests are compiled as that user and run as root.
GO_EXEC = $(if $(SUDO),-exec '$(SUDO)')
GO_TEST = $(SUDO) rm -rf $(CACHE)/artifacts && mkdir -p $(CACHE)/artifacts && \
	go test $(GO_EXEC) -count=1 -p 1 -parallel 2 -timeout 75m -artifacts -outputdir $(CACHE)/artifacts $(if $(RUN),-run '$(RUN)')

##@ Parts
.PHONY: check agents generate fmt clean
check: setup tools agents ## formatting, vet, staticcheck, generated files
	@$(say) "check formatting"
	@bad=$$($(FILES) '*.go' | xargs -r gofmt -l); [ -z "$$bad" ] || { echo "not formatted, run make fmt: $$bad" >&2; exit 1; }
	@$(say) "go vet"
	@go vet ./... && go vet -tags agent ./cmd/leaven
	@$(say) "staticcheck"
	@staticcheck ./...
	@$(say) "check that what is generated is up to date"
	@before=$$($(SUMS)); go generate ./...; after=$$($(SUMS)); \
	[ "$$before" = "$$after" ] || { echo "generated files were out of date: commit what make generate made (git status names it)" >&2; exit 1; }
FILES := git ls-files --cached --others --exclude-standard
SUMS := $(FILES) | xargs -r -d '\n' sha256sum

# Size is boot time. AWS speaks HTTP/1.1 too: without HTTP/2 it is 0.36 MB smaller. Functions are not inlined (0.9 MB) but in what
# searches a whole disk and in what makes RSA keys (twice as fast for 16 kB); the compiler takes the last -gcflags whose pattern fits a package.
PROGRAM := $(BUILD) -gcflags=all=-l -gcflags=github.com/leaven-dev/leaven/bake/...= -gcflags=github.com/klauspost/...= -gcflags=crypto/internal/fips140/bigmod=
WHOLE := $(PROGRAM) -tags nethttpomithttp2
AGENT := $(PROGRAM) -tags nethttpomithttp2,agent

# Two programs of one source for each architecture: leaven, and the agent, which is leaven without bake, audit and rules, and which
# images boot with. The plugin carries both. gzip -n leaves out name and time, so that the same source gives the same plugin.
agents: go
	@$(say) "build leaven $(VERSION) for amd64 and arm64"
	@GOOS=linux GOARCH=amd64 $(WHOLE) -o bin/leaven ./cmd/leaven
	@GOOS=linux GOARCH=amd64 $(AGENT) -o bin/leaven-agent ./cmd/leaven
	@GOOS=linux GOARCH=arm64 $(WHOLE) -o bin/leaven-linux-arm64 ./cmd/leaven
	@GOOS=linux GOARCH=arm64 $(AGENT) -o bin/leaven-agent-linux-arm64 ./cmd/leaven
	@mkdir -p packer/agent
	@gzip -n9 <bin/leaven >packer/agent/leaven-linux-amd64.gz
	@gzip -n9 <bin/leaven-agent >packer/agent/leaven-agent-linux-amd64.gz
	@gzip -n9 <bin/leaven-linux-arm64 >packer/agent/leaven-linux-arm64.gz
	@gzip -n9 <bin/leaven-agent-linux-arm64 >packer/agent/leaven-agent-linux-arm64.gz

generate: go ## make the HCL specs and other generated files anew
	@go generate ./...

fmt: ## format all Go files
	@$(FILES) '*.go' | xargs -r gofmt -w

clean: ## remove what was built, and the cache
	@rm -rf bin packer/agent/*.gz
	@$(SUDO) rm -rf $(CACHE)

##@ What has to be there
.PHONY: go setup tools packer
go:
	@command -v go >/dev/null || { echo "cannot find go: install Go 1.26 or newer and put it on PATH" >&2; exit 1; }

# The list of packages is in e2e/machine.
setup: go ## install the Debian packages that are missing
	@[ -z '$(SUDO)' ] || sudo -n true 2>/dev/null || { echo "cannot become root: run this as root, or as a user whom sudo asks no password" >&2; exit 1; }
	@missing=$$(go run ./e2e/setup); [ -z "$$missing" ] || { \
		$(say) "install $$missing"; \
		$(SUDO) apt-get update -qq; \
		$(SUDO) env DEBIAN_FRONTEND=noninteractive DEBCONF_NOWARNINGS=yes apt-get install -qq --yes --no-install-recommends $$missing </dev/null >/dev/null; }

tools: packer $(CACHE)/tools/staticcheck $(CACHE)/tools/amazon-ec2-metadata-mock ## build the tools that tools.mod pins
packer: $(CACHE)/tools/packer $(CACHE)/tools/packer-plugin-qemu

package_packer-plugin-qemu := github.com/hashicorp/packer-plugin-qemu
package_staticcheck := honnef.co/go/tools/cmd/staticcheck
package_gitleaks := github.com/zricethezav/gitleaks/v8
package_amazon-ec2-metadata-mock := github.com/aws/amazon-ec2-metadata-mock/cmd
BUILD_TOOL := go build -modfile=tools.mod -ldflags='-s -w' -o

$(CACHE)/tools/%: tools.mod tools.sum | go
	@$(say) "build $*, once"
	@$(BUILD_TOOL) $@ $(package_$*)

# A Packer that is installed and new enough is used (1.10 brought the protocol that
# our plugin and the qemu plugin speak); building it takes minutes. Another program
# of that name exists (cracklib's), hence the look at what "version" prints.
$(CACHE)/tools/packer: tools.mod tools.sum | go
	@mkdir -p $(@D)
	@for p in $$(type -ap packer || true); do \
		[ "$$p" != $@ ] || continue; \
		v=$$("$$p" version </dev/null 2>/dev/null | sed -n 's/^Packer v\([0-9.]*\).*/\1/p' || true); \
		if [ -n "$$v" ] && printf '%s\n' 1.10.0 "$$v" | sort --version-sort --check=quiet; then \
			$(say) "use the Packer $$v that is installed"; \
			printf '#!/bin/sh\nexec "%s" "$$@"\n' "$$p" >$@; chmod 755 $@; exit 0; \
		fi; \
	done; \
	$(say) "build Packer and the libraries that it shares with its plugins, once (minutes)"; \
	$(BUILD_TOOL) $@ github.com/hashicorp/packer
