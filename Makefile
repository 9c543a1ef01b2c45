# `make rehearse` and `make test` do all the set-up; everything else is for those who change the project.
STACK ?= dev
PYTHON ?= python3
BIN := .venv/bin
# Much of a test is waiting for a server or a process, so there are more workers than cores. A file's tests stay
# together, since they share what they stand up (tests/spread.py), and go in the order that tests/conftest.py gives them.
WORKERS ?= 4
# Of what `make test-fast` leaves in nothing waits, and each worker collects all tests: as many as cores.
FAST_WORKERS ?= auto
SPREAD := --dist loadfile --no-loadscope-reorder
PARALLEL := -n $(WORKERS) $(SPREAD)

.PHONY: help rehearse test test-fast dev ui ui-storybook image local bench check service-check format generate lock upgrade clean

rehearse: .venv/installed app/.venv/installed ## Stand up STACK in a rehearsal (make rehearse STACK=prod)
	@$(BIN)/workbuoy rehearse $(STACK)

help: ## This list
	@sed -n 's/^\([a-z-]*\):.* ## \(.*\)/\1 \2/p' Makefile | while read -r name text; do \
	  printf '%-10s %s\n' "$$name" "$$text"; done

test: .venv/installed app/.venv/installed ## Formatter, linter, types and every test
	@echo "1 of 3: format, lint and types ..." >&2
	@$(MAKE) --no-print-directory --jobs 2 check service-check
	@echo "2 of 3: the infrastructure's tests ..." >&2
	@tests/run $(BIN)/python -m pytest -q $(PARALLEL)
	@echo "3 of 3: the service's tests ..." >&2
	@$(MAKE) --no-print-directory -C app tests

test-fast: .venv/installed app/.venv/installed ## Leaves out what is marked slow or lengthy; properties are tried ten times
	@echo "1 of 2: the infrastructure's tests ..." >&2
	@$(BIN)/python -m pytest -q -n $(FAST_WORKERS) $(SPREAD) -m "not (slow or lengthy or engine)" \
	  --hypothesis-profile quick
	@echo "2 of 2: the service's tests ..." >&2
	@$(MAKE) --no-print-directory -C app test-fast

dev: ## The service on an embedded Postgres, with reload and the mock login
	@$(MAKE) --no-print-directory -C app dev

ui: ## The web interface, built for the service to serve (needs Node 20.19 or newer)
	@$(MAKE) --no-print-directory -C app ui

ui-storybook: ## The web interface's Storybook, and every story in Chromium
	@$(MAKE) --no-print-directory -C app ui-storybook

image: .venv/installed ## The container image and its SBOM (make image ARCHITECTURE=arm64)
	@$(BIN)/workbuoy image build $(if $(ARCHITECTURE),--architecture $(ARCHITECTURE))

local: .venv/installed ## The stack local by the real engine and provider, against moto
	@$(BIN)/workbuoy local

bench: .venv/installed app/.venv/installed ## Measure what people wait for, into docs/speed.md (some minutes; make bench ROUNDS=1)
	@$(BIN)/python -m benchmarks.speed --write --rounds $(or $(ROUNDS),3)

check: .venv/installed ## Formatter, linter and types
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet . && $(BIN)/mypy

service-check: app/.venv/installed
	@$(MAKE) --no-print-directory -C app check

format: .venv/installed
	@$(BIN)/ruff check --quiet --fix . ; $(BIN)/ruff format --quiet .

generate: .venv/installed app/.venv/installed ## Write every file that is made from the code, and name those that changed
	@$(BIN)/python -m tests.generated

lock: .venv/installed ## Compile the hash-pinned requirements again
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --generate-hashes --python-version 3.11 \
	  --no-header --quiet $(UPGRADE) --output-file requirements.lock

# A version that package.json names exactly is raised within its major; a range as it says.
EXACT := import json; named = json.load(open("package.json")); print(*(f"{name}@^{version}" \
  for kind in ("dependencies", "devDependencies") for name, version in named.get(kind, {}).items() if version[0].isdigit()))
NPM := npm --silent --no-audit --no-fund --ignore-scripts --package-lock-only

upgrade: .venv/installed app/.venv/installed ## Raise every locked version, and keep it as build/upgrade.patch
	@$(MAKE) --no-print-directory lock UPGRADE=--upgrade
	@$(MAKE) --no-print-directory -C app lock UPGRADE=--upgrade
	@git ls-files '*package-lock.json' | while read -r file; do (cd "$$(dirname "$$file")" && $(NPM) update && \
	  exact=$$("$(CURDIR)/$(BIN)/python" -c '$(EXACT)') && { [ -z "$$exact" ] || $(NPM) install --save-exact $$exact; }) || exit 1; done
	@$(MAKE) --no-print-directory generate
	@# Of an index of its own: what `generate` makes anew is in the patch, and what a person has staged stays as it is.
	@mkdir -p build && export GIT_INDEX_FILE=build/index && git read-tree HEAD && git add --all && \
	  git diff --cached --binary HEAD >build/upgrade.patch && git diff --cached --stat HEAD

# uv, of the version and hash that the lock names, installs about ten times as fast as pip, which stays the fallback.
# Byte code is compiled now: without it the first run takes many times as long.
.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; \
	this is " + sys.version.split()[0] + ". Name another one: make PYTHON=python3.12 ...")'
	@echo "Installing the hash-pinned requirements into .venv, once ..." >&2
	@$(BIN)/python -c '' 2>/dev/null || $(PYTHON) -m venv --clear .venv # never one Python's over another's
	@sed -n '/^uv==/,/^[^ ]/p' requirements.lock | sed '$$d' >.venv/uv.txt
	@{ $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.txt && \
	  $(BIN)/uv pip install --compile-bytecode --require-hashes -r requirements.lock && \
	  $(BIN)/uv pip install --no-deps --no-build-isolation --editable .; } || { \
	  echo "uv cannot be used here; pip takes a few minutes ..." >&2; \
	  $(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r requirements.lock && \
	  $(BIN)/python -m pip install --disable-pip-version-check --no-deps --no-build-isolation --editable .; }
	@touch .venv/installed

app/.venv/installed: app/requirements-dev.lock app/pyproject.toml
	@$(MAKE) --no-print-directory -C app .venv/installed

clean:
	rm -rf .venv app/.venv
