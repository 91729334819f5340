# Everything is built once, in Release. `make` alone lists the targets.
SLN ?= Metering.sln
MAIN_JOB := infra/MainJob/bin/Release/net10.0/MainJob.dll

# No build server outlives the build that started it.
export MSBUILDDISABLENODEREUSE := 1
export DOTNET_CLI_USE_MSBUILD_SERVER := 0
export DOTNET_CLI_TELEMETRY_OPTOUT := 1
export DOTNET_NOLOGO := 1
export SLN TRACE API

.DEFAULT_GOAL := help
.PHONY: help build run trace up down status test simulate-billing api fmt clean sdk bench bench-quick bench-scale bench-micro FORCE

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: sdk .standins.props ## build everything, with stand-ins for the packages that the registry at hand lacks
	@infra/scripts/build.sh

run: trace build ## run the main job; TRACE=<file> replays that trace, STACK=full uses what `make up` started
	@$(if $(filter full,$(STACK)),set -a && eval "$$(infra/scripts/stack.sh settings)" &&) \
	exec dotnet $(MAIN_JOB) $${TRACE:+--trace "$$TRACE"} $(if $(filter full,$(STACK)),--stack)

up: build ## start the full stack on this machine: PostgreSQL, RabbitMQ, every service a process of its own
	@infra/scripts/stack.sh up

down: ## end the full stack; its data stays in .data/stack
	@infra/scripts/stack.sh down

status: ## what of the full stack runs, where, and how far each projection is
	@infra/scripts/stack.sh status

# said before the build, not after it
trace:
	@case '$(STACK)' in ''|full) ;; *) echo "STACK is '$(STACK)': expected full" >&2; exit 2 ;; esac
	@[ -z "$$TRACE" ] || [ -f "$$TRACE" ] || { echo "TRACE is '$$TRACE': expected a file" >&2; exit 2; }

test: build ## run every test project; the last line is the sum
	@infra/scripts/test.sh

simulate-billing: build ## 1,000 random schedules of faults and crashes of the billing sync; BILLING_SEED=<n> repeats one run
	@BILLING_SCHEDULES=$${BILLING_SCHEDULES:-1000} dotnet test tests/BillingSync.Tests -c Release --no-build \
		--filter FullyQualifiedName~SimulationTests --logger "console;verbosity=normal"

bench: build ## measure the write path beside SQL, Redis and textbook event sourcing; EVENTSTORE=<node> on that, too
	@infra/scripts/bench.sh

bench-quick: build ## its short form, below a minute: whether it works
	@infra/scripts/bench.sh --quick

bench-scale: build ## how it scales with users, their events and instances, some seven minutes; EVENTSTORE=<node> on that, too
	@infra/scripts/bench.sh --only scale

bench-micro: build ## the parts of a command one by one, with what they allocate, some two minutes; FILTER='*Events*': some of them
	@dotnet infra/Microbench/bin/Release/net10.0/Microbench.dll --filter '$(or $(FILTER),*)' --artifacts .data/bench/micro

api: build ## check the stand-ins against the genuine packages' API; API=<folder of api/*.txt and tools/api.cs>
	@infra/scripts/api.sh

fmt: ## format the sources as .editorconfig says
	@dotnet format $(SLN)

clean: ## remove what was built, the test results and the remembered package set
	@find . \( -name .git -o -name node_modules \) -prune -o -type d \( -name bin -o -name obj \) -prune -exec rm -rf {} +
	@rm -rf TestResults .standins.props

sdk:
	@infra/scripts/sdk.sh

# Which package set to build with is probed once, and again when the pinned versions change or the stand-ins are gone.
.standins.props: Directory.Packages.props $(if $(wildcard infra/standins),,FORCE) | sdk
	@infra/scripts/probe.sh
