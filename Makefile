# Every target first installs what it lacks (scripts/setup), then calls one script.

.DEFAULT_GOAL := help
.PHONY: help run build test test-all check bench bench-lifecycle bench-paths bench-relays fuzz soak load mutants fmt docs screenshots size

help: ## show this
	@echo 'Holdline: make TARGET'
	@echo
	@sed -n 's/^\([a-z-]*\):.*## /  \1\t/p' $(MAKEFILE_LIST) | expand -t 19
	@echo
	@echo 'What a target needs and lacks is installed first from Debian (as root), or the line to type is shown.'
	@echo 'HOLDLINE_CHROMIUM and HOLDLINE_FIREFOX name browsers of your own.'

run: ## build and serve; prints the addresses (ARGS="--addr :9000" passes flags)
	@scripts/setup
	@scripts/build --uncompressed
	@exec bin/holdline $(ARGS)

build: ## make bin/holdline: one file with the page and the wasm inside
	@scripts/setup
	@scripts/build
	@scripts/size

test: ## run all tests: native with -race, wasm in Chromium, end to end in Chromium with a smoke in Firefox, a short fuzz
	@scripts/setup cc chromium firefox webkit net coturn
	@scripts/test

test-all: ## run all tests, end to end in every pair of browsers; in pairs of two kinds, four of the paths through networks; writes the README's table of browsers
	@scripts/setup cc chromium firefox webkit net coturn
	@scripts/test --all

check: ## gofmt, vet, staticcheck and the native tests: fast, needs no browser
	@scripts/setup
	@scripts/check

bench: ## measure in Chromium how fast a change reaches the other page
	@scripts/setup chromium
	@scripts/bench/calls

bench-lifecycle: ## measure how fast an end is known, beside other clients (N=20 runs, ARGS="-engines firefox"; README=1 only writes the last table)
	@scripts/setup chromium firefox node
	@$(if $(README),go run ./scripts/bench/lifecycle -readme,N=$(N) scripts/bench/compare $(ARGS))

bench-paths: ## as root, measure calls through NATs, firewalls and cuts, beside plain pages (N=10 calls, ARGS="-only 'uplink;cone'"; README=1 only writes the tables of RAW=FILE,FILE)
	@scripts/setup chromium net
	@$(if $(README),go run ./scripts/bench/paths -readme $(if $(RAW),-raw $(RAW)),N=$(N) scripts/bench/networks $(if $(RAW),-raw $(RAW)) $(ARGS))

bench-relays: ## measure what the relay carries, beside coturn (N=5 runs; README=1 only writes the last table)
	@scripts/setup coturn
	@$(if $(README),,scripts/build --uncompressed)
	@go run ./scripts/bench/relays $(if $(README),-readme,$(if $(N),-n $(N)) $(ARGS))

fuzz: ## fuzz the decoders and the room (FUZZTIME=60s each)
	@scripts/setup
	@scripts/fuzz

soak: ## play SEEDS=20000 histories of whole calls and say what they reached
	@scripts/setup
	@scripts/soak

load: ## CLIENTS=2000 pages for DURATION=5m on a server that is restarted thrice (SEED=N, RACE=1, BROWSERS=false)
	@scripts/setup chromium $(if $(RACE),cc)
	@scripts/build
	@$(if $(RACE),go build -race -o bin/holdline-race ./server)
	@go run $(if $(RACE),-race) ./scripts/load $(if $(RACE),-server bin/holdline-race) $(if $(CLIENTS),-clients $(CLIENTS)) \
		$(if $(DURATION),-duration $(DURATION)) $(if $(SEED),-seed $(SEED)) $(if $(BROWSERS),-browsers=$(BROWSERS))

mutants: ## plant faults one by one and say what catches each
	@scripts/setup
	@go run ./scripts/mutants

fmt: ## format the Go code
	@scripts/setup
	@gofmt -w server static scripts wasm

docs: ## draw the states and the table of causes from the code into wasm/session
	@scripts/setup
	@go run ./scripts/docs

screenshots: ## picture every state of the page into bin/screenshots
	@scripts/setup chromium fonts
	@scripts/screenshots

size: ## print the wasm's size, raw and compressed, and fail above the budget
	@scripts/setup
	@scripts/size
