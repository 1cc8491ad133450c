# Everything that people and CI run. `make` alone lists it.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.PHONY: help demo test test-full test-directus-10 conformance-mutants bench lint fuzz soak golden release build check

GO ?= go
FUZZTIME ?= 30s
SOAKTIME ?= 10m
# What `make lint` runs where no golangci-lint is installed.
GOLANGCI_LINT ?= v2.15.0

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-20s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Directus, Gatehouse and the Next.js example on this machine, until Ctrl-C
	@e2e/tools/provision demo
	@$(GO) build -buildvcs=false -o bin/demo ./e2e/demo
	@exec bin/demo

test: ## everything on Directus 12.4.0, real Redis and a real browser; some 16 minutes on two cores
	@e2e/tools/provision test
	@$(MAKE) --no-print-directory check
	GATEHOUSE_TEST_REQUIRE=1 $(GO) test -race -timeout 14m ./...
	@e2e/tools/playwright

test-full: ## make test, then Directus 11.17.4 and longer runs
	@e2e/tools/provision test
	@$(MAKE) --no-print-directory check
	GATEHOUSE_TEST_REQUIRE=1 GATEHOUSE_TEST_FULL=1 $(GO) test -race -timeout 60m -count=1 ./...
	GATEHOUSE_TEST_REQUIRE=1 GATEHOUSE_TEST_DIRECTUS=11.17.4 $(GO) test -race -timeout 30m -count=1 ./e2e/doctor ./e2e/extension ./e2e/flows ./e2e/nodes ./storage/directus/...
	GATEHOUSE_TEST_FULL=1 e2e/tools/playwright

test-directus-10: ## Directus 10.8.2 and 10.13.4, by hand
	@e2e/tools/provision test
	@for version in 10.8.2 10.13.4; do \
	  echo "Directus $$version"; \
	  GATEHOUSE_TEST_REQUIRE=1 GATEHOUSE_TEST_DIRECTUS=$$version $(GO) test -race -timeout 30m -count=1 ./e2e/flows; \
	  GATEHOUSE_TEST_REQUIRE=1 GATEHOUSE_TEST_DIRECTUS=$$version $(GO) test -race -timeout 30m -count=1 -run 'TestMailsOnDirectus|TestExtension' ./storage/directus ./e2e/extension; \
	done

check:
	@unformatted=$$(find . -name node_modules -prune -o -name '*.go' -print0 | xargs -0 gofmt -l); \
	  if [[ -n $$unformatted ]]; then echo "gofmt -w is needed for:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	@cd examples/directus-extension && node --test >/dev/null || { cd examples/directus-extension && node --test; }

conformance-mutants: ## switch off each rule of e2e/mutants in turn; a test must fail for each
	@e2e/tools/provision test
	GATEHOUSE_TEST_REQUIRE=1 GO=$(GO) $(GO) run ./e2e/mutants

bench: ## the benchmarks behind docs/performance.md
	@e2e/tools/provision test
	GATEHOUSE_TEST_REQUIRE=1 $(GO) test -run '^$$' -bench . -benchmem ./...

lint: ## golangci-lint with the rules of .golangci.yml
	@if command -v golangci-lint >/dev/null; then golangci-lint run ./...; \
	  else $(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT) run ./...; fi

fuzz: ## every fuzz target for FUZZTIME (30s)
	@GO=$(GO) e2e/tools/fuzz $(FUZZTIME)

soak: ## the long-running tests for SOAKTIME (10m)
	@e2e/tools/provision test
	GATEHOUSE_TEST_REQUIRE=1 GATEHOUSE_TEST_SOAK=$(SOAKTIME) $(GO) test -race -run Soak -timeout 24h -count=1 -v ./...

golden: ## rewrite the golden files; review the diff
	@GO=$(GO) e2e/tools/golden
	@git diff --stat

build: ## bin/gatehouse for this machine
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/gatehouse ./cmd/gatehouse

release: ## static binaries for all platforms in bin/release
	@e2e/tools/release
